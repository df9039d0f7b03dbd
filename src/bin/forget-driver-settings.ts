/**
 * What the driver takes from the shell for every connection: for another server it may be right, ours knows
 * none of it. The other variables of this kind are in the URL.
 */
const DRIVER_SETTINGS = ["PGSSLMODE", "PGSSLNEGOTIATION", "PGOPTIONS", "PGCLIENT_ENCODING", "PGREPLICATION"];

/** Before the embedded PostgreSQL of this folder is used: from here on this process connects to no other. */
export function forgetDriverSettings(): void {
  for (const name of DRIVER_SETTINGS) delete process.env[name];
}
