import { createWorkflowEngine, type WorkflowEngine } from "../../emulators/workflows/engine.ts";
import { createRandom, type Random } from "../../emulators/world/random.ts";
import { createRunEngine } from "../../src/adapters/workflows/run-engine.ts";
import { createWorkflowSteps } from "../../src/adapters/workflows/steps.ts";
import { failureOf } from "../../src/core/errors.ts";
import { executeRun } from "../../src/engine/run.ts";
import { reviveUnfinished, startRun, tick } from "../../src/engine/tick.ts";
import { PIPELINES } from "../../src/pipelines/index.ts";
import { bindWorkflow } from "./bindings.ts";
import { openEstate, openSource, type Estate } from "./estate.ts";
import { FenceWatch } from "./fence-watch.ts";
import { Life } from "./life.ts";
import { portsOf, type Ports } from "./life-ports.ts";
import { NO_MUTANT, type Mutant } from "./mutant.ts";
import { HOUR_MS, type Scenario, type WorldEvent } from "./scenario.ts";
import { describeEvent } from "./shown-scenario.ts";
import { SourceDoor } from "./source-door.ts";
import { exerciseOf } from "./exercise.ts";
import { SourceWatch } from "./source-watch.ts";
import type { Trace } from "./trace.ts";
import { VectorWatch } from "./vector-watch.ts";
import { VirtualClock } from "./virtual-clock.ts";

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
  /** Writes down what happens, for a person to read. */
  readonly trace?: Trace;
};

/** One process after another over one estate, until everything has come to rest. */
export class Simulation {
  readonly scenario: Scenario;
  readonly clock: VirtualClock;
  readonly exercised = new Map<string, number>();
  /** What went wrong while it ran, in sentences that name a law. */
  readonly breaches: string[] = [];
  readonly fences: FenceWatch;
  readonly vectors: VectorWatch;
  estate!: Estate;
  source!: SourceWatch;
  door!: SourceDoor;
  /** Objects that were made to rot: they may be written twice. */
  readonly rotten: string[] = [];
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
  #isCalm = false;

  constructor(scenario: Scenario, mode: Mode) {
    this.scenario = scenario;
    this.mode = mode;
    this.clock = new VirtualClock(scenario.startMs);
    this.#random = createRandom(scenario.seed, "course");
    this.#mutant = mode.mutant ?? NO_MUTANT;
    this.fences = new FenceWatch(this.breaches);
    this.vectors = new VectorWatch(this.breaches);
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
        break;
      }
      await this.#pass(this.clock.nowMs() + HOUR_MS, CALM_TICK_MS);
    }
    await exerciseOf(this);
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
      .prepare("select count(*) as n from runs where state = 'parked' and not_before_ms > ?1")
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
    const { pageEvents } = scenario;
    this.door = new SourceDoor({ fireflies: this.estate.fireflies, watch: this.source, clock, pageEvents });
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

  /** Note that something was exercised. */
  count(what: string, times = 1): void {
    this.exercised.set(what, (this.exercised.get(what) ?? 0) + times);
  }

  /** A new process over the same stores: as src/local does, what an earlier one left behind is taken up first. */
  async #restart(): Promise<void> {
    const life = this.#newLife();
    this.#life = life;
    this.#ports = null;
    const ports = await portsOf(life, {
      scenario: this.scenario,
      clock: this.clock,
      estate: this.estate,
      door: this.door,
      mutant: this.#mutant,
      vectorWatch: this.vectors,
      watch: (by, statements) => {
        const brokenBefore = this.breaches.length;
        this.fences.committed(by, statements);
        const { trace } = this.mode;
        trace?.committed(this.clock.nowMs(), by.name, statements);
        for (const breach of this.breaches.slice(brokenBefore)) trace?.breach(this.clock.nowMs(), breach);
      },
    });
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
    this.count("event: process started");
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
      count: (what) => this.count(what),
      note:
        mode.trace &&
        ((what, detail) => mode.trace?.note(this.clock.nowMs(), `life ${number}`, what, detail)),
    });
    if (!mode.harm || this.#isCalm) life.calmDown();
    return life;
  }

  #onKill(): void {
    this.#engine.kill();
    // No process, no code: what late effects start meanwhile waits for nobody.
    this.#engine.setRun(() => new Promise(() => undefined));
    const isLost = this.#random.chance(0.08) || this.scenario.deaths[this.#livesCount - 1]?.losesRun === true;
    if (isLost) this.#loseInstance();
    const downMs = this.#random.pick([0, 1_000, MINUTE_MS, 20 * MINUTE_MS, 3 * HOUR_MS]);
    this.clock.at(this.clock.nowMs() + downMs, () => void this.#restart());
  }

  /** The step engine forgets a run, as after a lost disk. */
  #loseInstance(): void {
    const id = [...this.estate.steps.instances.keys()].at(-1);
    if (id === undefined) return;
    this.count("fault: the step engine forgot a run");
    this.estate.steps.instances.delete(id);
  }

  async #happen(event: WorldEvent): Promise<void> {
    const { estate } = this;
    this.mode.trace?.note(this.clock.nowMs(), "world", describeEvent(event), "");
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
    this.count(`fault: ${event.do}`);
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
    const { estate } = this;
    this.#isCalm = true;
    this.#life.calmDown();
    estate.fireflies.control({ op: "fault", plan: "none", clear: true });
    estate.index.controls.resume();
    estate.index.controls.dropNext(0);
    estate.r2.setHooks({});
    await this.door.settleChanges();
  }
}
