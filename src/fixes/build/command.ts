import { mendBuilds } from './mend.ts';

export const mendCommand = mendBuilds('Mend the command');
