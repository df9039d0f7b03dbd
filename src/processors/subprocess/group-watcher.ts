import { spawn, type ChildProcess } from "node:child_process";
import { Socket } from "node:net";

/**
 * Kills what we leave behind. The kernel closes our end of its stdin however we die, even by kill -9; then it
 * kills every group on its list, and on Linux also every process that carries the mark of this runner, `$0`:
 * those have it, too, that left their group.
 *
 * Lines: `+ 12` and `- 12` keep the list of groups; `? 7 8` kills at once what carries the marks of the
 * attempts 7 and 8. POSIX sh, whose `read` is built in: one process a runner, whatever the number of
 * attempts. A shell for each would cost the event loop 1 ms an attempt.
 */
const SCRIPT = `
trap "" HUP INT TERM # A service manager sends those to all; this one goes last.
echo ready
groups=" "
sweep() {
  tries=5
  while [ $tries -gt 0 ]; do
    found=$(grep -lsF "$@" /proc/[0-9]*/environ)
    [ -n "$found" ] || return # Its exit status tells of processes that ended meanwhile.
    for file in $found; do
      pid=\${file#/proc/}
      kill -s KILL "\${pid%/environ}"
    done
    tries=$((tries - 1))
  done
}
while read -r order names; do
  case $order in
    +) groups="$groups$names " ;;
    -) groups="\${groups%% $names *} \${groups#* $names }" ;;
    "?") set --
      for attempt in $names; do set -- "$@" -e "$0$attempt;"; done
      sweep "$@" ;;
  esac
done
for group in $groups; do kill -s KILL -- "-$group"; done
sweep -e "$0"
`;

/**
 * One shell that outlives this process by a moment, to end the process groups that it was told of. Started
 * when it is first needed.
 */
export class GroupWatcher {
  readonly #mark: string;
  readonly #groups = new Set<number>();
  #shell: ChildProcess | undefined;
  /** Resolves when the shell of now can no longer be ended by a signal to all of a service. */
  #ready: Promise<void> = Promise.resolve();

  /**
   * `mark`: what begins a variable in the environment of all processes of all groups, and of no other; the
   * attempt's number and `;` follow it.
   */
  constructor(mark: string) {
    this.#mark = mark;
  }

  /** Resolves when the group is sure to die with us. Throws when /bin/sh cannot be started. */
  async add(pgid: number): Promise<void> {
    this.#groups.add(pgid);
    // A new shell is told of all groups, this one among them.
    if (this.#shell === undefined) this.#ready = this.#start();
    else await this.#tell(`+ ${pgid}`);
    await this.#ready;
  }

  /** Call it as soon as the group is gone: its number may be given to strangers. */
  remove(pgid: number): void {
    if (this.#groups.delete(pgid)) void this.#tell(`- ${pgid}`).catch(() => undefined);
  }

  /**
   * Kills every process that carries the mark of one of these attempts. Linux only; elsewhere it finds
   * nothing.
   */
  sweep(attempts: readonly number[]): void {
    void this.#tell(`? ${attempts.join(" ")}`).catch(() => undefined);
  }

  /** The process id of the shell, for tests. */
  get pid(): number | undefined {
    return this.#shell?.pid;
  }

  async #start(): Promise<void> {
    const shell = spawn("/bin/sh", ["-c", SCRIPT, this.#mark], {
      stdio: ["pipe", "pipe", "ignore"],
      // Its own session: Ctrl-C in the terminal does not reach it.
      detached: true,
      cwd: "/",
      env: { PATH: "/usr/local/bin:/usr/bin:/bin" },
    });
    shell.on("error", () => undefined);
    if (shell.pid === undefined) {
      throw new Error("/bin/sh cannot be started, so nobody would end a process after us");
    }
    this.#shell = shell;
    shell.stdin.on("error", () => undefined);
    shell.on("exit", () => {
      this.#shell = undefined;
      // Somebody killed it: the groups of now must not be without.
      if (this.#groups.size === 0) return;
      this.#ready = this.#start();
      this.#ready.catch(() => undefined);
    });
    shell.unref();
    if (shell.stdin instanceof Socket) shell.stdin.unref();
    const ready = new Promise<boolean>((resolve) => {
      shell.stdout.once("data", () => resolve(true));
      shell.once("exit", () => resolve(false));
    });
    await this.#tell([...this.#groups].map((pgid) => `+ ${pgid}`).join("\n"));
    const isReady = await ready;
    shell.stdout.destroy();
    if (!isReady) await this.#ready; // Of the shell that replaces it.
  }

  /** Resolves when the kernel has the line: it is read even if we die now. */
  async #tell(line: string): Promise<void> {
    const stdin = this.#shell?.stdin;
    if (!stdin) return;
    await new Promise<void>((resolve, reject) => {
      stdin.write(`${line}\n`, (error) => (error ? reject(error) : resolve()));
    });
  }
}
