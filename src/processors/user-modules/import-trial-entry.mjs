// Where the trial of imports begins when the platform runs from its sources. The built package starts with
// import-trial.js.
import { register } from "tsx/esm/api";

register();
await import("./import-trial.ts");
