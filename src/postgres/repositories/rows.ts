import type { Insertable, Selectable } from "kysely";
import type { Customers, Jobs, JobTypes, Wallets } from "../connection/tables.gen.ts";

// The specification's structs: a row as it is read, and what it takes to insert one. They come from
// tables.gen.ts, which is generated from the migrations.

export type CustomerRow = Selectable<Customers>;
export type NewCustomerRow = Insertable<Customers>;
export type WalletRow = Selectable<Wallets>;
export type NewWalletRow = Insertable<Wallets>;
export type JobTypeRow = Selectable<JobTypes>;
export type NewJobTypeRow = Insertable<JobTypes>;
export type JobRow = Selectable<Jobs>;
export type NewJobRow = Insertable<Jobs>;
