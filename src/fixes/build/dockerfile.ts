import { mendBuilds } from './mend.ts';

export const mendDockerfile = mendBuilds('Mend the Dockerfile');
