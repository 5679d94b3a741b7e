import { FIREFLIES_DEMO_KEY } from "../../emulators/fireflies/keys.ts";
import { createWorkflowEngine, type WorkflowEngine } from "../../emulators/workflows/engine.ts";
import type { WorkflowStore } from "../../emulators/workflows/store.ts";
import { D1_LIMITS } from "../../emulators/d1/d1-limits.ts";
import type { Delivery } from "../../emulators/world/deliver.ts";
import { createRandom, type Random } from "../../emulators/world/random.ts";
import { createRunEngine } from "../../src/adapters/workflows/run-engine.ts";
import { createWorkflowSteps } from "../../src/adapters/workflows/steps.ts";
import { failureOf } from "../../src/core/errors.ts";
import { executeRun } from "../../src/engine/run.ts";
import { reviveUnfinished, startRun, tick } from "../../src/engine/tick.ts";
import { PIPELINES } from "../../src/pipelines/index.ts";
import type { RunEngine } from "../../src/ports/run-engine.ts";
import { bindWorkflow } from "./bindings.ts";
import { hearConsole } from "./console-watch.ts";
import { openEstate, openSource, type Estate } from "./estate.ts";
import { exerciseOf } from "./exercise.ts";
import { FenceWatch, type Committed } from "./fence-watch.ts";
import { happen } from "./happening.ts";
import { brokenLaws } from "./laws.ts";
import { Life } from "./life.ts";
import { portsOf, type Ports } from "./life-ports.ts";
import { NO_MUTANT, type Mutant } from "./mutant.ts";
import { isSettled } from "./notion-laws.ts";
import { openNotionSide, type NotionSide } from "./notion-side.ts";
import { HOUR_MS, type Death, type Scenario } from "./scenario.ts";
import { describeEvent } from "./shown-scenario.ts";
import { SourceDoor } from "./source-door.ts";
import { SourceWatch } from "./source-watch.ts";
import type { Trace } from "./trace.ts";
import { VectorWatch } from "./vector-watch.ts";
import { VirtualClock } from "./virtual-clock.ts";
import { WEBHOOK_SECRET, WebhookDoor } from "./webhook-door.ts";

const MINUTE_MS = 60_000;

/** The calm: a few ticks, a day that the machine sleeps through (quotas and dead vectors wait that long), a few more. */
const CALM_MS = 21 * MINUTE_MS;
const ASLEEP_HOURS = 23;
const CALM_TICK_MS = 20 * MINUTE_MS;
/** Then the estate must be at rest; a little more is granted before that is called a breach. */
const REST_TRIES_MAX = 12;

/** How a seed is run. */
export type Mode = {
  readonly mutant?: Mutant;
  /** Who knows what the source was all along; by default a new witness. */
  readonly source?: SourceWatch;
  /** Writes down what happens, for a person to read. */
  readonly trace?: Trace;
};

/** What a person asks for; who asks and how is the program's business. */
export type Question = Pick<Parameters<typeof startRun>[2], "sync" | "priority" | "preview">;

/** A process that is at work: its life, its ports, and the way to its step engine. */
type Process = { readonly life: Life; readonly ports: Ports; readonly runs: RunEngine };

/** Somebody who was not heard asks again after so long. */
const ASK_AGAIN_MS = 10 * MINUTE_MS;

/** Both sides of Notion may need the pauses of a fight until they are equal: days for what waits for the week's deletions. */
const NOTION_PAUSES_MS = [2, 26, 73, 73, 73, 73, 73, 73].map((hours) => hours * HOUR_MS);

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
  /** Null: there is no Notion. */
  notion: NotionSide | null = null;
  webhooks: WebhookDoor | null = null;
  /** Objects that were made to rot: they may be written twice. */
  readonly rotten: string[] = [];
  /** Lines that the process wrote to its console. */
  readonly printed: string[] = [];
  readonly mode: Mode;
  /** What the machine's clock shows more than the vendors' now, and when it was set to what. */
  readonly clockSets: { readonly atMs: number; readonly aheadMs: number }[] = [];
  /** The key of Fireflies in the settings of the program. */
  firefliesKey = FIREFLIES_DEMO_KEY;
  readonly #random: Random;
  readonly #wakes: Random;
  readonly #mutant: Mutant;
  #engine!: WorkflowEngine;
  #life!: Life;
  /** Null while a process is starting. */
  #ports: Ports | null = null;
  #second: { readonly life: Life; readonly engine: WorkflowEngine } | null = null;
  #livesCount = 0;
  /** How the next lives end. */
  #deaths: Death[];
  #isCalm = false;

  constructor(scenario: Scenario, mode: Mode) {
    this.scenario = scenario;
    this.mode = mode;
    this.clock = new VirtualClock(scenario.startMs);
    this.#random = createRandom(scenario.seed, "course");
    this.#wakes = createRandom(scenario.seed, "wake-ups");
    this.#mutant = mode.mutant ?? NO_MUTANT;
    this.#deaths = [...scenario.deaths];
    const isShared = scenario.events.some((event) => event.do === "second process");
    this.fences = new FenceWatch(this.breaches, scenario.notion === null && !isShared);
    this.vectors = new VectorWatch(this.breaches);
  }

  /** Run the storm, then the calm, until nothing is left to do; once more if the history has a second half. */
  async run(): Promise<void> {
    const stopHearing = hearConsole(this.printed);
    try {
      await this.#open();
      // Not awaited, here and elsewhere: a process that is killed never answers.
      void this.#restart();
      const { pause } = this.scenario;
      await this.#pass(this.scenario.calmMs, this.scenario.tickEveryMs);
      await this.#quiesce();
      if (pause !== null && this.breaches.length === 0) {
        this.breaches.push(...(await brokenLaws(this)).map((breach) => `${breach} (at the pause)`));
        await this.#pass(pause.troubleMs, null);
        this.#stirUp();
        await this.#pass(pause.calmMs, this.scenario.tickEveryMs);
        await this.#quiesce();
      }
      await exerciseOf(this);
    } finally {
      stopHearing();
    }
  }

  /** Run a program that begins when all is over, until nothing is left to do: what a day's budget is short of comes the next. */
  async runAfterwards(): Promise<void> {
    const stopHearing = hearConsole(this.printed);
    try {
      await this.#open();
      this.#isCalm = true;
      void this.#restart();
      const begunMs = this.clock.nowMs();
      await this.#pass(begunMs + CALM_MS, CALM_TICK_MS);
      if (await this.#isParked()) await this.#sleepADay();
      await this.#comeToRest(begunMs);
    } finally {
      stopHearing();
    }
  }

  async #quiesce(): Promise<void> {
    const begunMs = this.clock.nowMs();
    await this.#calmDown();
    await this.#pass(this.clock.nowMs() + CALM_MS, CALM_TICK_MS);
    await this.#sleepADay();
    await this.#settleNotion();
    await this.#comeToRest(begunMs);
  }

  /** The machine sleeps, and takes up afterwards what was due meanwhile. */
  async #sleepADay(): Promise<void> {
    await this.#pass(this.clock.nowMs() + ASLEEP_HOURS * HOUR_MS, null);
    await this.#pass(this.clock.nowMs() + CALM_MS, CALM_TICK_MS);
  }

  /** Let pass what is still under way; too much of it breaks a law. */
  async #comeToRest(sinceMs: number): Promise<void> {
    for (let tries = 0; !(await this.isAtRest()); tries += 1) {
      if (tries === REST_TRIES_MAX) {
        const hours = Math.round((this.clock.nowMs() - sinceMs) / HOUR_MS);
        this.breaches.push(`rest: work is left ${hours} h after the last trouble`);
        return;
      }
      await this.#pass(this.clock.nowMs() + HOUR_MS, CALM_TICK_MS);
    }
  }

  /** Nobody edits and nothing fails: give both sides their time. Whether it was enough is for the laws to say. */
  async #settleNotion(): Promise<void> {
    for (const pauseMs of this.notion === null ? [] : NOTION_PAUSES_MS) {
      if (await isSettled(this)) return;
      this.count("event: both sides of Notion get more time");
      await this.#pass(this.clock.nowMs() + pauseMs, null);
      await this.#pass(this.clock.nowMs() + HOUR_MS, CALM_TICK_MS);
    }
  }

  /** One more hour in which nothing is new; a deletion whose evidence ripens in it is seen through. */
  async quietHour(): Promise<void> {
    const begunMs = this.clock.nowMs();
    await this.#pass(begunMs + HOUR_MS + MINUTE_MS, CALM_TICK_MS);
    await this.#comeToRest(begunMs);
  }

  /** True if no run is unfinished, none that ended otherwise than well is the newest, and nothing is owed. */
  async isAtRest(): Promise<boolean> {
    const row = await this.estate.d1
      .prepare(
        `select (select count(*) from runs where state in ('queued', 'running')) +
           (select count(*) from (select sync, state, max(rowid) from runs where sync in ('fireflies', 'vectors') group by sync)
              where state = 'failed' or (sync = 'fireflies' and state = 'succeeded_with_findings'
                and not exists (select 1 from sightings where state = 'failed'))) +
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

  /** End it. The witness is closed by whoever made it. */
  async close(): Promise<void> {
    this.#engine.kill();
    this.#second?.engine.kill();
    await this.estate.close();
    if (this.mode.source === undefined) await this.source.close();
    await this.notion?.emulator.close();
  }

  /** True once nothing goes wrong any more. */
  get isCalm(): boolean {
    return this.#isCalm;
  }

  /** What the machine's clock shows more than the vendors'. */
  aheadMs(): number {
    return this.clockSets.at(-1)?.aheadMs ?? 0;
  }

  /** The most that the machine's clock was ever off, either way: times in the ledger are not surer than that. */
  slackMs(): number {
    return Math.max(0, ...this.clockSets.map(({ aheadMs }) => Math.abs(aheadMs)));
  }

  async #open(): Promise<void> {
    const { scenario, clock } = this;
    const hasWebhooks = scenario.webhooks !== null;
    const deliver = hasWebhooks ? (what: Delivery) => this.#deliver(what) : null;
    this.estate = await openEstate(scenario, clock, deliver);
    this.#breakSources();
    this.source = this.mode.source ?? (await this.#witness());
    const { pageEvents } = scenario;
    this.door = new SourceDoor({ fireflies: this.estate.fireflies, watch: this.source, clock, pageEvents });
    if (scenario.notion !== null) {
      const given = { scenario, clock, d1: this.estate.d1, deliver };
      this.notion = await openNotionSide(scenario.notion, given);
    }
    if (hasWebhooks) await this.#listen();
    this.#engine = this.#engineOver(this.estate.steps, () => this.#life);
    for (const event of scenario.events)
      clock.at(event.atMs, () => {
        this.mode.trace?.note(clock.nowMs(), "world", describeEvent(event), "");
        void happen(this, event);
      });
  }

  async #witness(): Promise<SourceWatch> {
    const { scenario, clock } = this;
    const witness = new SourceWatch(await openSource(scenario, clock), () => clock.nowMs());
    for (const { id } of scenario.meetings) await witness.look(id);
    return witness;
  }

  #engineOver(store: WorkflowStore, life: () => Life): WorkflowEngine {
    const { clock } = this;
    return createWorkflowEngine({
      run: () => Promise.reject(new Error("no process")),
      nowMs: () => clock.nowMs() + this.aheadMs(),
      // How long it sleeps is settled when it falls asleep.
      sleepUntilVirtual: (atMs, signal) => clock.sleepUntil(atMs - this.aheadMs(), signal),
      store,
      at: (point, _, name) =>
        life().reach(`${point} of ${name.replaceAll(/[\d.]+/g, "N").split(", round")[0]}`),
    });
  }

  async #listen(): Promise<void> {
    const { estate, clock, breaches, scenario } = this;
    const { webhooks } = scenario;
    this.webhooks = new WebhookDoor({
      clock,
      estate,
      notion: () => this.notion,
      portsNow: () => (this.#life.hasEnded ? null : this.#ports),
      breaches,
      count: (what) => this.count(what),
    });
    const { form: _form, spelling: _spelling, isRepeated: _, forged: _forged, ...shares } = webhooks ?? {};
    const url = "https://sync.example/fireflies";
    estate.fireflies.control({ op: "webhook", url, secret: WEBHOOK_SECRET, ...webhooks });
    await this.webhooks.setUp();
    this.notion?.emulator.control({ op: "webhook", ...shares });
  }

  #deliver(what: Delivery): Promise<number> {
    return this.webhooks?.deliver(what) ?? Promise.reject(new Error("nobody listens"));
  }

  /** Calls of the sources fail from now on, as the seed says. */
  #breakSources(): void {
    const { scenario } = this;
    if (scenario.faultRate === 0) return;
    this.estate.fireflies.control({ op: "fault", plan: `seed=${scenario.seed},rate=${scenario.faultRate}` });
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
      this.#beat();
    }
    await this.clock.jumpTo(untilMs);
  }

  /** The clock strikes: what is on its way arrives, and a living process looks at what is due. */
  #beat(): void {
    this.carryWebhooks();
    const now = this.#processNow();
    if (now !== null) void this.#tick(now);
  }

  /** Announcements that are due are on their way. */
  carryWebhooks(): void {
    if (this.webhooks === null) return;
    void this.estate.fireflies.deliverDue();
    void this.notion?.emulator.deliverDue();
  }

  #processNow(): Process | null {
    const ports = this.#ports;
    if (this.#life.hasEnded || ports === null) return null;
    const runs = createRunEngine(bindWorkflow(this.#life, this.#engine.binding));
    return { life: this.#life, ports, runs };
  }

  async #tick({ life, ports, runs }: Process): Promise<void> {
    await this.#guarded("tick", life, () => tick(ports, runs));
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

  /** A person asks for a run. @param isStubborn whether they ask again until a process has heard them */
  async ask(question: Question, isStubborn = false): Promise<void> {
    const now = this.#processNow();
    const request = { ...question, trigger: "manual" } as const;
    const isHeard =
      now !== null && (await this.#guarded("start", now.life, () => startRun(now.ports, now.runs, request)));
    if (!isHeard && isStubborn)
      this.clock.at(this.clock.nowMs() + ASK_AGAIN_MS, () => void this.ask(question, true));
  }

  /** Settings are read when a process starts. */
  replaceProcess(why: string): void {
    if (!this.#life.hasEnded) this.#life.kill(why);
  }

  /** A wake-up was sent: it is lost, or comes a little later, or comes twice. */
  #wake(): Promise<void> {
    const { lost, twice } = this.scenario.wakes;
    const times = this.#wakes.chance(lost) ? 0 : this.#wakes.chance(twice) ? 2 : 1;
    this.count(`event: wake-up, ${["lost", "heard", "heard twice"][times]}`);
    for (let n = 0; n < times; n += 1) {
      const atMs = this.clock.nowMs() + this.#wakes.int(1, 3_000);
      this.clock.at(atMs, () => {
        const now = this.#processNow();
        if (now !== null) void this.#tick(now);
      });
    }
    return Promise.resolve();
  }

  #portsOf(life: Life): Promise<Ports> {
    return portsOf(life, {
      scenario: this.scenario,
      clock: this.clock,
      estate: this.estate,
      door: this.door,
      mutant: this.#mutant,
      notion: this.notion,
      firefliesKey: this.firefliesKey,
      aheadMs: () => this.aheadMs(),
      wake: () => this.#wake(),
      vectorWatch: this.vectors,
      watch: (by, statements) => this.#committed(by, statements),
    });
  }

  #committed(by: Life, statements: readonly Committed[]): void {
    const brokenBefore = this.breaches.length;
    this.fences.committed(by, statements);
    const { trace } = this.mode;
    trace?.committed(this.clock.nowMs(), by.name, statements);
    for (const breach of this.breaches.slice(brokenBefore)) trace?.breach(this.clock.nowMs(), breach);
  }

  /** Where somebody wants a trace: what one life does is told to it. */
  #noteOf(name: string): { note: NonNullable<ConstructorParameters<typeof Life>[1]["note"]> } | undefined {
    const { trace } = this.mode;
    return trace && { note: (what, detail) => trace.note(this.clock.nowMs(), name, what, detail) };
  }

  #carryRuns(engine: WorkflowEngine, ports: Ports): void {
    const pipelines = this.#mutant.pipelines(PIPELINES);
    engine.setRun(async (event, step) => {
      const { runId } = event.payload as { runId: string };
      await executeRun(ports, createWorkflowSteps(step as never, ports.world), runId, pipelines);
    });
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
    this.#carryRuns(this.#engine, ports);
    this.count("event: process started");
    await this.#resume({ life, ports, runs: createRunEngine(bindWorkflow(life, this.#engine.binding)) });
  }

  async #resume(process: Process): Promise<void> {
    const { life, ports, runs } = process;
    const resumed = await this.#guarded("resume", life, () =>
      reviveUnfinished(ports, runs, { afterRestart: true }),
    );
    // A start that failed is made again by whoever runs the program.
    if (!resumed && !life.hasEnded)
      this.clock.at(this.clock.nowMs() + MINUTE_MS, () => void this.#resume(process));
  }

  /** A second process over the same stores, that of the step engine included, as when the first outlives its own end. */
  async startSecond({ lastsMs, tickEveryMs }: { lastsMs: number; tickEveryMs: number }): Promise<void> {
    if (this.#second !== null) return;
    const { clock, scenario } = this;
    const life = new Life("second process", {
      clock,
      random: createRandom(scenario.seed, "second process"),
      rates: scenario.rates,
      callsLeft: null,
      killAt: null,
      zombieCalls: 0,
      onKill: () => this.#second?.engine.kill(),
      count: (what) => this.count(what),
      ...this.#noteOf("second process"),
    });
    const engine = this.#engineOver(this.estate.steps, () => life);
    this.#second = { life, engine };
    const ports = await this.#portsOf(life);
    this.#carryRuns(engine, ports);
    const process = { life, ports, runs: createRunEngine(bindWorkflow(life, engine.binding)) };
    const endMs = clock.nowMs() + lastsMs;
    for (let atMs = clock.nowMs(); atMs < endMs; atMs += tickEveryMs)
      clock.at(atMs, () => void (life.hasEnded ? undefined : this.#tick(process)));
    clock.at(endMs, () => life.kill("second process ended"));
    await this.#resume(process);
  }

  #newLife(): Life {
    const { scenario } = this;
    const number = this.#livesCount;
    this.#livesCount += 1;
    const death = this.#deaths.shift();
    const isZombie = this.#random.chance(0.4);
    const life = new Life(`life ${number}`, {
      clock: this.clock,
      random: createRandom(scenario.seed, `life ${number}`),
      rates: scenario.rates,
      callsLeft: death?.calls ?? null,
      killAt: death?.at ?? null,
      zombieCalls: isZombie ? this.#random.int(1, 30) : 0,
      onKill: () => this.#onKill(death?.losesRun === true),
      count: (what) => this.count(what),
      ...this.#noteOf(`life ${number}`),
    });
    if (this.#isCalm) life.calmDown();
    return life;
  }

  #onKill(losesRun: boolean): void {
    this.#engine.kill();
    // No process, no code: what late effects start meanwhile waits for nobody.
    this.#engine.setRun(() => new Promise(() => undefined));
    const isLost = this.#random.chance(0.08) || losesRun;
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

  /** Trouble begins anew, and a new process with it. */
  #stirUp(): void {
    this.#isCalm = false;
    this.count("event: trouble after a pause");
    this.#breakSources();
    this.#deaths = [...(this.scenario.pause?.deaths ?? [])];
    this.replaceProcess("between two storms");
  }

  async #calmDown(): Promise<void> {
    const { estate } = this;
    this.#isCalm = true;
    this.#life.calmDown();
    this.#second?.life.kill("second process ended");
    estate.fireflies.control({ op: "fault", plan: "none", clear: true });
    this.notion?.calmDown();
    estate.index.controls.resume();
    estate.index.controls.dropNext(0);
    estate.r2.setHooks({});
    estate.d1.setSizeMax(D1_LIMITS.databaseBytesMax);
    await this.door.settleChanges();
    await this.#askAgain();
  }

  /** A run for a key that works again may have died before it tried it: whoever sees the alert still open asks once more. */
  async #askAgain(): Promise<void> {
    const { results } = await this.estate.d1
      .prepare("select subject from alerts where kind = 'access_lost' and closed_ms is null")
      .all<{ subject: Question["sync"] }>();
    for (const { subject } of results)
      await this.ask({ sync: subject, priority: "urgent", preview: null }, true);
  }
}
