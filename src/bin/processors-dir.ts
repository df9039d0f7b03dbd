/** Where a user's processors are when PROCESSORS_DIR does not say. It may be missing then. */
export const DEFAULT_PROCESSORS_DIR = "./processors";
