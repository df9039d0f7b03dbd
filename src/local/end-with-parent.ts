import { spawn } from "node:child_process";
import { Socket } from "node:net";

/**
 * Sends `signal` to the process `pid` when this process dies, however it dies: the kernel closes our end of a
 * pipe even after kill -9, and a waiting shell reads that as the end. It has its own session, so Ctrl-C in
 * the terminal does not reach it, and does not keep us running.
 *
 * Returns a function that calls it off. Call that as soon as `pid` has exited: the number may be given to a
 * stranger afterwards.
 */
export function endWithParent(pid: number, signal: NodeJS.Signals): () => void {
  // `read` is built into the shell: one process, which waits for a line that never comes. Node closes the
  // pipe in every other child.
  const watcher = spawn(
    "/bin/sh",
    ["-c", 'read -r line; kill -s "$0" "$1"', signal.replace(/^SIG/, ""), String(pid)],
    {
      stdio: ["pipe", "ignore", "ignore"],
      detached: true,
      cwd: "/",
      env: {},
    },
  );
  watcher.on("error", () => undefined);
  if (watcher.pid === undefined)
    throw new Error(`/bin/sh cannot be started, so nobody would end process ${pid} after us`);
  watcher.unref();
  if (watcher.stdin instanceof Socket) watcher.stdin.on("error", () => undefined).unref();
  return () => void watcher.kill("SIGKILL");
}
