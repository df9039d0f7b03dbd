import { defineProcessor } from "./define-processor.ts";

export default defineProcessor({
  id: "echo",
  description: "Answers its input unchanged.",
  run: (input) => input,
});
