import { z } from "zod";

export const MetricsText = z.string().meta({
  id: "MetricsText",
  examples: [
    '# HELP iep_build_info Always 1. Its label is the version of this process.\n# TYPE iep_build_info gauge\niep_build_info{version="0.1.0"} 1\n',
  ],
});
