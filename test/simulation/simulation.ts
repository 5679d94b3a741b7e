import { createWorkflowEngine, type WorkflowEngine } from "../../emulators/workflows/engine.ts";
import { createRandom, type Random } from "../../emulators/world/random.ts";
import { FIREFLIES_DEMO_KEY } from "../../emulators/fireflies/keys.ts";
import { createFirefliesSource } from "../../src/adapters/fireflies/source.ts";
import { createRawStore } from "../../src/adapters/r2/raw-store.ts";
import { createRecordStore } from "../../src/adapters/d1/record-store.ts";
import { createRunStore } from "../../src/adapters/d1/run-store.ts";
import { createVectorIndex } from "../../src/adapters/vectorize/vector-index.ts";
import { createEmbedder } from "../../src/adapters/workers-ai/embedder.ts";
import { createRunEngine } from "../../src/adapters/workflows/run-engine.ts";
import { createWorkflowSteps } from "../../src/adapters/workflows/steps.ts";
import { SCHEMA_VERSION } from "../../src/core/policy.ts";
import { failureOf } from "../../src/core/errors.ts";
import { executeRun } from "../../src/engine/run.ts";
import { reviveUnfinished, startRun, tick } from "../../src/engine/tick.ts";
import { PIPELINES } from "../../src/pipelines/index.ts";
import { bindAi, bindD1, bindR2, bindVectorize, bindWorkflow } from "./bindings.ts";
import { MODEL, openEstate, openSource, type Estate } from "./estate.ts";
import { FenceWatch } from "./fence-watch.ts";
import { Life } from "./life.ts";
import { NO_MUTANT, type Mutant } from "./mutant.ts";
import { HOUR_MS, type Scenario, type WorldEvent } from "./scenario.ts";
import { createSimulatedWorld } from "./simulated-world.ts";
import { SourceWatch } from "./source-watch.ts";
import { VirtualClock } from "./virtual-clock.ts";

/** Everything outside that a run may touch. */
export type Ports = Parameters<typeof executeRun>[0];

const MINUTE_MS = 60_000;

/** The calm: a few hours of ticks, a day that the machine sleeps through (quotas and dead vectors wait that long), a few more. */
const CALM_HOURS = 2;
const ASLEEP_HOURS = 23;
const CALM_TICK_MS = 20 * MINUTE_MS;
/** Then the estate must be at rest; a little more is granted before that is called a breach. */
const REST_TRIES_MAX = 12;

/** How a seed is run. */
export type Mode = {
  /** Kills, troubles and faults; without them the same world is synced in peace. */
  readonly harm: boolean;
  readonly mutant?: Mutant;
};

/** One process after another over one estate, until everything has come to rest. */
export class Simulation {
  readonly scenario: Scenario;
  readonly clock: VirtualClock;
  readonly exercised = new Map<string, number>();
  /** What went wrong while it ran, in sentences that name a law. */
  readonly breaches: string[] = [];
  readonly fences: FenceWatch;
  estate!: Estate;
  source!: SourceWatch;
  /** Objects that were made to rot: they may be written twice. */
  readonly rotten: string[] = [];
  /** List replies that reached the program whole: which meetings it was shown when. */
  readonly lists: { readonly atMs: number; readonly ids: readonly string[] }[] = [];
  /** When calls of killed processes arrived: they were sent in time, and nobody can call them back. */
  readonly lateCallsMs = new Set<number>();
  /** Lines that the process wrote to its console. */
  readonly printed: string[] = [];
  readonly mode: Mode;
  readonly #random: Random;
  readonly #mutant: Mutant;
  #engine!: WorkflowEngine;
  #life!: Life;
  /** Null while a process is starting. */
  #ports: Ports | null = null;
  #livesCount = 0;
  #listCount = 0;
  #isCalm = false;

  constructor(scenario: Scenario, mode: Mode) {
    this.scenario = scenario;
    this.mode = mode;
    this.clock = new VirtualClock(scenario.startMs);
    this.#random = createRandom(scenario.seed, "course");
    this.#mutant = mode.mutant ?? NO_MUTANT;
    this.fences = new FenceWatch(this.breaches);
  }

  /** Run the storm, then the calm, until nothing is left to do. */
  async run(): Promise<void> {
    await this.#open();
    // Not awaited, here and elsewhere: a process that is killed never answers.
    void this.#restart();
    await this.#pass(this.scenario.calmMs, this.mode.harm ? this.scenario.tickEveryMs : HOUR_MS);
    await this.#calmDown();
    await this.#pass(this.clock.nowMs() + CALM_HOURS * HOUR_MS, CALM_TICK_MS);
    if (this.mode.harm || (await this.#isParked())) {
      await this.#pass(this.clock.nowMs() + ASLEEP_HOURS * HOUR_MS, null);
      await this.#pass(this.clock.nowMs() + CALM_HOURS * HOUR_MS, CALM_TICK_MS);
    }
    for (let tries = 0; !(await this.isAtRest()); tries += 1) {
      if (tries === REST_TRIES_MAX) {
        this.breaches.push(
          `rest: work is left ${Math.round((this.clock.nowMs() - this.scenario.calmMs) / HOUR_MS)} h after the last trouble`,
        );
        return;
      }
      await this.#pass(this.clock.nowMs() + HOUR_MS, CALM_TICK_MS);
    }
  }

  /** One more hour in which nothing is new. */
  async quietHour(): Promise<void> {
    await this.#pass(this.clock.nowMs() + HOUR_MS + MINUTE_MS, MINUTE_MS * 10);
  }

  /** True if no run is unfinished and nothing is owed. */
  async isAtRest(): Promise<boolean> {
    const row = await this.estate.d1
      .prepare(
        `select (select count(*) from runs where state in ('queued', 'running')) +
           (select count(*) from meetings where vectors_owed_since is not null and deleted_ms is null) +
           (select count(*) from sightings where state = 'failed' and source_id in (select value from json_each(?1))) +
           (select count(*) from chunks where state not in ('live', 'gone')) as n`,
      )
      .bind(JSON.stringify(this.source.visibleIds()))
      .first<number>("n");
    return row === 0;
  }

  async #isParked(): Promise<boolean> {
    const parked = await this.estate.d1
      .prepare("select count(*) as n from lanes where not_before_ms > ?1")
      .bind(this.clock.nowMs())
      .first<number>("n");
    return parked !== 0;
  }

  async close(): Promise<void> {
    this.#engine.kill();
    await this.estate.close();
    await this.source.close();
  }

  async #open(): Promise<void> {
    const { scenario, clock } = this;
    this.estate = await openEstate(scenario, clock);
    if (this.mode.harm && scenario.faultRate > 0) {
      this.estate.fireflies.control({
        op: "fault",
        plan: `seed=${scenario.seed},rate=${scenario.faultRate}`,
      });
    }
    this.source = new SourceWatch(await openSource(scenario, clock), () => clock.nowMs());
    for (const meeting of scenario.meetings) await this.source.look(meeting.id);
    this.#engine = createWorkflowEngine({
      run: () => Promise.reject(new Error("no process")),
      nowMs: () => clock.nowMs(),
      sleepUntilVirtual: (atMs, signal) => clock.sleepUntil(atMs, signal),
      store: this.estate.steps,
      at: (point, _, name) =>
        this.#life.reach(`${point} of ${name.replaceAll(/[\d.]+/g, "N").split(", round")[0]}`),
    });
    for (const event of scenario.events) clock.at(event.atMs, () => void this.#happen(event));
  }

  /** Let virtual time pass, with a tick now and then. */
  async #pass(untilMs: number, tickEveryMs: number | null): Promise<void> {
    let nextTickMs = tickEveryMs === null ? Number.POSITIVE_INFINITY : this.clock.nowMs();
    for (;;) {
      await this.clock.settle();
      const nextMs = Math.min(this.clock.nextMs() ?? untilMs, nextTickMs);
      if (nextMs >= untilMs) break;
      await this.clock.jumpTo(nextMs);
      if (this.clock.nowMs() < nextTickMs) continue;
      nextTickMs = this.clock.nowMs() + (tickEveryMs ?? 0);
      if (!this.#life.hasEnded && this.#ports !== null) void this.#tick(this.#life, this.#ports);
    }
    await this.clock.jumpTo(untilMs);
  }

  async #tick(life: Life, ports: Ports): Promise<void> {
    await this.#guarded("tick", life, () =>
      tick(ports, createRunEngine(bindWorkflow(life, this.#engine.binding))),
    );
  }

  async #guarded(what: string, life: Life, work: () => Promise<unknown>): Promise<boolean> {
    try {
      await work();
      return true;
    } catch (error) {
      const failure = failureOf(error);
      if (failure.kind === "defect")
        this.breaches.push(`no defect: ${what} threw in ${life.name}: ${failure.party} ${failure.detail}`);
      return false;
    }
  }

  #count(what: string): void {
    this.exercised.set(what, (this.exercised.get(what) ?? 0) + 1);
  }

  /** A new process over the same stores: as src/local does, what an earlier one left behind is taken up first. */
  async #restart(): Promise<void> {
    const life = this.#newLife();
    this.#life = life;
    this.#ports = null;
    const ports = await this.#portsOf(life);
    if (life.hasEnded) return;
    this.#ports = ports;
    // What late effects of the dead process have started meanwhile runs in no process.
    this.#engine.kill();
    this.#engine.setRun(async (event, step) => {
      const { runId } = event.payload as { runId: string };
      await executeRun(
        ports,
        createWorkflowSteps(step as never, ports.world),
        runId,
        this.#mutant.pipelines(PIPELINES),
      );
    });
    const engine = createRunEngine(bindWorkflow(life, this.#engine.binding));
    const resume = async (): Promise<void> => {
      const resumed = await this.#guarded("resume", life, () =>
        reviveUnfinished(ports, engine, { afterRestart: true }),
      );
      // A start that failed is made again by whoever runs the program.
      if (!resumed && !life.hasEnded) this.clock.at(this.clock.nowMs() + MINUTE_MS, () => void resume());
    };
    this.#count("lives");
    await resume();
  }

  #newLife(): Life {
    const { scenario, mode } = this;
    const number = this.#livesCount;
    this.#livesCount += 1;
    const isZombie = mode.harm && this.#random.chance(0.4);
    const life = new Life(number, {
      clock: this.clock,
      random: createRandom(scenario.seed, `life ${number}`),
      rates: scenario.rates,
      callsLeft: scenario.deaths[number]?.calls ?? null,
      killAt: scenario.deaths[number]?.at ?? null,
      zombieCalls: isZombie ? this.#random.int(1, 30) : 0,
      onKill: () => this.#onKill(),
      count: (what) => this.#count(what),
    });
    if (!mode.harm || this.#isCalm) life.calmDown();
    return life;
  }

  #onKill(): void {
    this.#engine.kill();
    // No process, no code: what late effects start meanwhile waits for nobody.
    this.#engine.setRun(() => new Promise(() => undefined));
    if (this.#random.chance(0.08)) this.#loseInstance();
    const downMs = this.#random.pick([0, 1_000, MINUTE_MS, 20 * MINUTE_MS, 3 * HOUR_MS]);
    this.clock.at(this.clock.nowMs() + downMs, () => void this.#restart());
  }

  /** The step engine forgets a run, as after a lost disk. */
  #loseInstance(): void {
    const id = [...this.estate.steps.instances.keys()].at(-1);
    if (id === undefined) return;
    this.#count("lost instance");
    this.estate.steps.instances.delete(id);
  }

  async #portsOf(life: Life): Promise<Ports> {
    const { estate, clock, scenario } = this;
    const world = createSimulatedWorld(clock, `${scenario.seed} ${life.name}`);
    const watched = { life, rates: scenario.rates };
    const d1 = bindD1(watched, estate.d1, this.#mutant.sql, (by, statements) =>
      this.fences.committed(by, statements),
    );
    const source = await createFirefliesSource({
      url: "https://api.fireflies.ai",
      key: FIREFLIES_DEMO_KEY,
      fetch: (request) => this.#fetch(life, request),
      world,
    });
    return this.#mutant.ports({
      world,
      source,
      runs: createRunStore(d1, world),
      records: createRecordStore(d1),
      raw: createRawStore(bindR2(watched, estate.r2), world),
      embedder: createEmbedder(bindAi(watched, estate.ai), MODEL, world),
      index: createVectorIndex(bindVectorize(watched, estate.index as never)),
      indexName: "VECTORS_A",
      freeBytes: () => Promise.resolve(null),
      schemaVersion: SCHEMA_VERSION,
    });
  }

  async #fetch(life: Life, request: Request): Promise<Response> {
    const isCall = request.url.endsWith("/graphql");
    return life.pass(isCall ? "fireflies.call" : "fireflies.head", async () => {
      if (life.hasEnded) this.lateCallsMs.add(this.clock.nowMs());
      const response = await aborting(this.estate.fireflies.fetch(request), request.signal);
      if (isCall && response.status === 200) await this.#onReply(response.clone());
      return response;
    });
  }

  /** Note what a list reply shows; the source may change right after. */
  async #onReply(response: Response): Promise<void> {
    const atMs = this.clock.nowMs();
    const { transcripts, transcript } = await dataOf(response);
    if (transcript) this.lists.push({ atMs, ids: [transcript.id] });
    if (!Array.isArray(transcripts)) return;
    this.lists.push({ atMs, ids: transcripts.map(({ id }) => id) });
    this.#listCount += 1;
    await this.#betweenPages(this.#listCount);
  }

  async #betweenPages(listCount: number): Promise<void> {
    for (const { id, op } of this.scenario.pageEvents.filter((event) => event.afterList === listCount)) {
      this.estate.fireflies.control(op);
      await this.source.change(id, op);
    }
  }

  async #happen(event: WorldEvent): Promise<void> {
    const { estate } = this;
    if (event.do === "source") {
      estate.fireflies.control(event.op);
      await this.source.change(event.id, event.op);
    } else if (event.do === "ripen") await this.source.look(event.id);
    else if (event.do === "start by hand") {
      const request = { sync: event.sync, trigger: "manual", priority: "urgent" } as const;
      const ports = this.#ports;
      if (!this.#life.hasEnded && ports !== null) {
        const engine = createRunEngine(bindWorkflow(this.#life, this.#engine.binding));
        await this.#guarded("start", this.#life, () => startRun(ports, engine, request));
      }
    } else if (this.mode.harm && !this.#isCalm) this.#trouble(event);
    // Held vectors come out in any case.
    else if (event.do === "hold vectors" && !event.hold) estate.index.controls.resume();
  }

  #trouble(event: WorldEvent): void {
    const { estate } = this;
    this.#count(event.do);
    if (event.do === "faults") estate.fireflies.control(event.op);
    else if (event.do === "drop vectors") estate.index.controls.dropNext(event.count);
    else if (event.do === "hold vectors" && event.hold) estate.index.controls.pause();
    else if (event.do === "hold vectors") estate.index.controls.resume();
    else if (event.do === "rot object") this.#rotNext();
  }

  /** The next new revision rots as it is written: nothing but the read-back can notice. Later rot is the proof's business. */
  #rotNext(): void {
    const { r2 } = this.estate;
    const counts = r2.writeCounts();
    r2.setHooks({
      afterCall: (action, [key = ""]) => {
        if (
          action !== "put" ||
          !key.startsWith("fireflies-transcripts/") ||
          counts.has(key) ||
          r2.peek(key) === null
        )
          return;
        r2.setHooks({});
        r2.corrupt(key);
        this.rotten.push(key);
      },
    });
  }

  async #calmDown(): Promise<void> {
    const { estate, scenario } = this;
    this.#isCalm = true;
    this.#life.calmDown();
    estate.fireflies.control({ op: "fault", plan: "none", clear: true });
    estate.index.controls.resume();
    estate.index.controls.dropNext(0);
    estate.r2.setHooks({});
    // Changes that waited for a page that nobody asked for.
    const waiting = scenario.pageEvents
      .map((event) => event.afterList)
      .filter((after) => after > this.#listCount);
    for (const after of new Set(waiting)) await this.#betweenPages(after);
    this.#listCount = Number.POSITIVE_INFINITY;
  }
}

type Data = { transcripts?: { id: string }[] | null; transcript?: { id: string } | null };

/** What a reply shows; nothing if it broke off. */
async function dataOf(response: Response): Promise<Data> {
  try {
    return ((await response.json()) as { data?: Data | null }).data ?? {};
  } catch {
    return {};
  }
}

/** A reply that comes too late is none. */
function aborting<T>(reply: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    signal.addEventListener("abort", () => reject(signal.reason as Error), { once: true });
    reply.then(resolve, reject);
  });
}
