import manifest from '../../package.json' with { type: 'json' };

/** This release of bk-doctor. */
export const VERSION: string = manifest.version;
