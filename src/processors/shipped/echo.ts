import { defineProcessor } from "../sdk/define-processor.ts";

export default defineProcessor({
  id: "echo",
  description: "Returns its input unchanged.",
  run: (input) => input,
});
