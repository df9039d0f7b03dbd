import { findOnPath, findOrInstall } from "./find-program.ts";

const PROGRAMS = ["redis-server", "valkey-server"];

/**
 * The path of redis-server or valkey-server. Installs it on Debian and Ubuntu as root; elsewhere throws the
 * one line to type.
 */
export async function findRedis(): Promise<string> {
  const path = await findOrInstall(PROGRAMS, "redis-server");
  if (path !== undefined) return path;
  throw new Error(`the tests need redis-server or valkey-server. Type: ${await installCommand()}`);
}

async function installCommand(): Promise<string> {
  if ((await findOnPath(["apt-get"])) !== undefined) return "sudo apt-get install -y redis-server";
  if (process.platform === "darwin") return "brew install redis";
  if ((await findOnPath(["dnf"])) !== undefined) return "sudo dnf install -y valkey";
  if ((await findOnPath(["apk"])) !== undefined) return "apk add redis";
  if ((await findOnPath(["pacman"])) !== undefined) return "sudo pacman -S valkey";
  return "the install command of your system for the package redis or valkey";
}
