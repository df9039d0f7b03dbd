/** The oldest PostgreSQL that the platform is tested on. */
const POSTGRES_VERSION_MIN = 15;
/** Lengths are counted in characters, and every text is Unicode: no other encoding holds both. */
const ENCODING = "UTF8";

interface Database {
  /** Of the server, such as `18.1 (Debian 18.1-1)`. */
  readonly version: string;
  readonly encoding: string;
}

/** Something that no setting mends: what was found, and what to do instead. */
interface DatabaseFault {
  readonly found: string;
  readonly way_out: string;
}

export function findVersionFault({ version }: Pick<Database, "version">): DatabaseFault | undefined {
  if (Number.parseInt(version) >= POSTGRES_VERSION_MIN) return undefined;
  return {
    found: `PostgreSQL ${version}`,
    way_out: `upgrade to PostgreSQL ${POSTGRES_VERSION_MIN} or newer`,
  };
}

export function findEncodingFault({ encoding }: Pick<Database, "encoding">): DatabaseFault | undefined {
  if (encoding === ENCODING) return undefined;
  return {
    found: `the encoding of the database is ${encoding}, not ${ENCODING}`,
    way_out: "create another one: CREATE DATABASE iep ENCODING 'UTF8' TEMPLATE template0, and use that",
  };
}
