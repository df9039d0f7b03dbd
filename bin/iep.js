#!/usr/bin/env node
import { register } from "tsx/esm/api";

// Node 20 runs no TypeScript by itself, and processors may be `.ts` files in any case.
register();
await import("../src/bin/iep.ts");
