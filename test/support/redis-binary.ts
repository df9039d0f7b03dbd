import { findOnPath, installPackage } from "./apt-install.ts";

const PROGRAMS = ["redis-server", "valkey-server"];

/**
 * The path of redis-server or valkey-server. Installs it on Debian and Ubuntu as root; elsewhere throws the
 * one line to type.
 */
export async function findRedis(): Promise<string> {
  const path = await findOnPath(PROGRAMS);
  if (path !== undefined) return path;
  const aptGet = await findOnPath(["apt-get"]);
  if (aptGet !== undefined && process.getuid?.() === 0) {
    await installPackage(aptGet, "redis-server");
    const installed = await findOnPath(PROGRAMS);
    if (installed !== undefined) return installed;
  }
  throw new Error(`the tests need redis-server or valkey-server. Type: ${await installCommand(aptGet)}`);
}

async function installCommand(aptGet: string | undefined): Promise<string> {
  if (aptGet !== undefined) return "sudo apt-get install -y redis-server";
  if (process.platform === "darwin") return "brew install redis";
  if ((await findOnPath(["dnf"])) !== undefined) return "sudo dnf install -y valkey";
  if ((await findOnPath(["apk"])) !== undefined) return "apk add redis";
  if ((await findOnPath(["pacman"])) !== undefined) return "sudo pacman -S valkey";
  return "the install command of your system for the package redis or valkey";
}
