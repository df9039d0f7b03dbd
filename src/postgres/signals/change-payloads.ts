import type { JobChange } from "../../core/model/job-changes.ts";

/** A payload of NOTIFY has fewer than 8,000 bytes. */
const PAYLOAD_LENGTH_MAX = 7_900;
const ID_LENGTH = 36;
/** Before the id of a customer. What follows is of that customer. */
const CUSTOMER = "K";
/** The customer has new jobs. No id follows. */
const NEW_JOBS = "N";
const CHANGED = "C";
const ENDED = "E";

/** What changed of one customer's jobs. */
export interface CustomerChanges {
  readonly jobs: (readonly [id: string, change: JobChange])[];
  hasNewJobs: boolean;
}

/** What is read of a payload. */
export interface ChangeReader {
  changed(customer_id: string, job_id: string, change: JobChange): void;
  hasNewJobs(customer_id: string): void;
}

/** As few texts as possible that say what changed, each short enough for NOTIFY. */
export function writeChanges(changes: ReadonlyMap<string, CustomerChanges>): string[] {
  const payloads: string[] = [];
  let text = "";
  /** Whether the text says already whose the next entry is. */
  let isOpen = false;
  const add = (customer: string, entry: string): void => {
    if (text.length + entry.length + customer.length > PAYLOAD_LENGTH_MAX) {
      payloads.push(text);
      text = "";
    }
    if (text === "" || !isOpen) text += customer;
    isOpen = true;
    text += entry;
  };
  for (const [customer_id, { jobs, hasNewJobs }] of changes) {
    isOpen = false;
    const customer = CUSTOMER + customer_id;
    if (hasNewJobs) add(customer, NEW_JOBS);
    for (const [id, change] of jobs) add(customer, (change === "ended" ? ENDED : CHANGED) + id);
  }
  return text === "" ? payloads : [...payloads, text];
}

/** Reads what `writeChanges` wrote. What another release wrote is left out from where it differs. */
export function readChanges(payload: string, reader: ChangeReader): void {
  let customer_id = "";
  for (let at = 0; at < payload.length;) {
    const letter = payload[at];
    at += 1;
    if (letter === NEW_JOBS) {
      reader.hasNewJobs(customer_id);
      continue;
    }
    const id = payload.slice(at, at + ID_LENGTH);
    at += ID_LENGTH;
    if (letter === CUSTOMER) customer_id = id;
    else if (letter === CHANGED) reader.changed(customer_id, id, "changed");
    else if (letter === ENDED) reader.changed(customer_id, id, "ended");
    else return;
  }
}
