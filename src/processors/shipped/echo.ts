import { defineProcessor } from "../sdk/define-processor.ts";

export default defineProcessor({
  id: "echo",
  description: "Answers its input unchanged.",
  run: (input) => input,
});
