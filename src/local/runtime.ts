import { setTimeout as delay } from "node:timers/promises";
import { Log, LogLevel, Miniflare, MiniflareCoreError, type MiniflareOptions } from "miniflare";
import type { DataDir } from "./data-dir.ts";
import { launchedPid, launcherEnvironment, launcherPath } from "./launcher.ts";
import { identify, type ProcessIdentity } from "../surfaces/cli/process-identity.ts";
import { endProcess } from "./processes.ts";
import { StartRefused } from "./start-refused.ts";

/** One Worker as Miniflare takes it: `{ config: { name, compatibilityDate, manifest, env, ... } }`. */
export type LocalWorker = MiniflareOptions["workers"][number];

/** A line that a Worker, workerd or Miniflare printed. */
export interface RuntimeLog {
  /** Milliseconds since 1970. */
  readonly timestamp: number;
  /** `fatal`, `error`, `warn`, `info`, `log`, `debug`. */
  readonly level: string;
  readonly message: string;
}

export interface RuntimeOptions {
  /** From `openDataDir`. The runtime owns it from here on: `stop`, and a failed start, close it. */
  readonly dataDir: DataDir;
  /** 0 takes a free one. */
  readonly port: number;
  readonly host?: string;
  /** The first one answers HTTP. */
  readonly workers: readonly LocalWorker[];
  readonly onLog: (log: RuntimeLog) => void;
  /**
   * Called when workerd crashed and runs again on the same port. Unfinished Workflow instances sleep until they are
   * revived, just as after a start.
   */
  readonly onRestart?: () => void;
}

export interface Runtime {
  /** Without a slash at the end. */
  readonly url: string;
  readonly port: number;
  readonly miniflare: Miniflare;
  /** Changes when workerd crashed and was started again. */
  readonly workerdPid: number;
  /** End workerd for sure, within 2 s, and close the data directory. Once is enough; more is harmless. */
  stop(): Promise<void>;
}

const READY_WAIT_MS = 30_000;
/** Miniflare kills workerd at once; what takes time is its own tidying, which is not worth waiting for. */
const DISPOSE_WAIT_MS = 1_000;
const KILL_WAIT_MS = 900;

/**
 * Start workerd on a data directory and wait until it answers.
 *
 * Takes 0.6 to 1 s. Throws `StartRefused` when the port is taken, when the Workers do not load, or after 30 s. Signals
 * are the caller's: Miniflare's own handlers, which would end node at once, are removed. `--max-heap-size=N` and the
 * like reach V8 through the environment variable MINIFLARE_WORKERD_V8_FLAGS (several are parted by blanks).
 */
export async function startRuntime(options: RuntimeOptions): Promise<Runtime> {
  const { dataDir } = options;
  let miniflare: Miniflare | undefined;
  try {
    let record: (() => Promise<ProcessIdentity>) | undefined;
    let workerd: ProcessIdentity | undefined;
    miniflare = createMiniflare(options, async () => {
      workerd = await record?.();
      options.onRestart?.();
    });
    const port = Number((await readiness(miniflare)).port);
    const url = `http://${options.host ?? "127.0.0.1"}:${port}`;
    record = () => recordRuntime(dataDir, port, url);
    workerd = await record();
    return runtimeOf(miniflare, dataDir, { url, port, workerd: () => workerd });
  } catch (error) {
    await miniflare?.dispose().catch(() => undefined);
    await dataDir.close();
    throw startFailure(error, options.port);
  }
}

function createMiniflare(options: RuntimeOptions, onRestart: () => Promise<void>): Miniflare {
  // Read by Miniflare from the process's environment at every start of workerd.
  process.env["MINIFLARE_WORKERD_PATH"] = launcherPath();
  return constructMiniflare(
    options.dataDir.scratchPath,
    () =>
      new Miniflare({
        host: options.host ?? "127.0.0.1",
        port: options.port,
        resourcePersistencePath: options.dataDir.statePath,
        // Both would reach outside of the machine or of the data directory.
        cf: false,
        enableDevRegistry: false,
        log: new ForwardedLog(options.onLog),
        handleStructuredLogs: options.onLog,
        unsafeRuntimeEnv: launcherEnvironment(options.dataDir.workerdPidPath),
        unsafeHandleRuntimeRestart: onRestart,
        workers: [...options.workers],
      }),
  );
}

const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/**
 * Take back two things that the constructor does to the process. It answers a signal with `process.exit`, before the
 * caller could stop in its own order; and it chooses a directory below TMPDIR, which a SIGKILL would leave there for
 * ever, while the scratch directory is emptied at the next start.
 */
function constructMiniflare(scratchPath: string, construct: () => Miniflare): Miniflare {
  const before = SIGNALS.map((signal) => new Set(process.listeners(signal)));
  const temporary = process.env["TMPDIR"];
  process.env["TMPDIR"] = scratchPath;
  try {
    return construct();
  } finally {
    if (temporary === undefined) delete process.env["TMPDIR"];
    else process.env["TMPDIR"] = temporary;
    for (const [index, signal] of SIGNALS.entries()) {
      for (const listener of process.listeners(signal)) {
        if (before[index]?.has(listener) === false) process.removeListener(signal, listener);
      }
    }
  }
}

async function readiness(miniflare: Miniflare): Promise<URL> {
  const giveUp = new AbortController();
  const tooLate = delay(READY_WAIT_MS, undefined, { signal: giveUp.signal }).then(() => {
    throw new StartRefused(
      `The Workers runtime was not ready after ${READY_WAIT_MS / 1000} s: look at its log lines above, and start again.`,
    );
  });
  tooLate.catch(() => undefined);
  try {
    return await Promise.race([miniflare.ready, tooLate]);
  } finally {
    giveUp.abort();
  }
}

async function recordRuntime(dataDir: DataDir, port: number, url: string): Promise<ProcessIdentity> {
  const workerd = identify(launchedPid(dataDir.workerdPidPath));
  if (workerd === undefined) throw new Error("workerd ended while it was being recorded");
  await dataDir.recordRuntime({ workerd, port, url });
  return workerd;
}

interface Started {
  readonly url: string;
  readonly port: number;
  readonly workerd: () => ProcessIdentity | undefined;
}

function runtimeOf(miniflare: Miniflare, dataDir: DataDir, started: Started): Runtime {
  let stopping: Promise<void> | undefined;
  return {
    url: started.url,
    port: started.port,
    miniflare,
    get workerdPid() {
      return started.workerd()?.pid ?? 0;
    },
    stop: () => (stopping ??= stopRuntime(miniflare, dataDir, started.workerd)),
  };
}

async function stopRuntime(
  miniflare: Miniflare,
  dataDir: DataDir,
  workerd: () => ProcessIdentity | undefined,
): Promise<void> {
  const patience = new AbortController();
  await Promise.race([
    miniflare.dispose().catch(() => undefined),
    delay(DISPOSE_WAIT_MS, undefined, { signal: patience.signal }).catch(() => undefined),
  ]);
  patience.abort();
  const survivor = workerd();
  if (survivor !== undefined) await endProcess(survivor, KILL_WAIT_MS);
  await dataDir.close();
}

function startFailure(error: unknown, port: number): unknown {
  if (!(error instanceof MiniflareCoreError)) return error;
  if (error.code === "ERR_ADDRESS_IN_USE") {
    return new StartRefused(
      `Port ${port} is taken: stop the program that listens there, or choose another with --port.`,
      { cause: error },
    );
  }
  if (/bind\(\): Permission denied/.test(error.message)) {
    return new StartRefused(`Port ${port} is not open to this user: choose one from 1024 up with --port.`, {
      cause: error,
    });
  }
  return new StartRefused(`The Workers runtime did not start: ${error.message}`, { cause: error });
}

/** Miniflare's own lines, on the same way as those of the Workers. */
class ForwardedLog extends Log {
  readonly #onLog: (log: RuntimeLog) => void;

  constructor(onLog: (log: RuntimeLog) => void) {
    super(LogLevel.WARN);
    this.#onLog = onLog;
  }

  override logWithLevel(level: LogLevel, message: string): void {
    if (level > LogLevel.WARN) return;
    this.#onLog({ timestamp: Date.now(), level: level === LogLevel.ERROR ? "error" : "warn", message });
  }

  override error(error: Error): void {
    this.logWithLevel(LogLevel.ERROR, error.message);
  }
}
