import type { PIPELINES } from "../../src/pipelines/index.ts";
import type { Ports } from "./life-ports.ts";
import type { Scenario } from "./scenario.ts";

type Pipelines = typeof PIPELINES;

/** A planted bug: one part of the product replaced from outside. */
export type Mutant = {
  readonly name: string;
  /** A seed that meets it, or one of the next. */
  readonly seed: number;
  /** What a breach has to say. */
  readonly law: RegExp;
  /** What becomes of an SQL text. */
  readonly sql: (sql: string) => string;
  /** Whether a statement of a batch is committed by itself, before the batch that it belongs to. */
  readonly isEarly: (sql: string) => boolean;
  readonly ports: (ports: Ports) => Ports;
  readonly pipelines: (pipelines: Pipelines) => Pipelines;
  /** The world in which it shows, where hardly any seed makes it by chance. */
  readonly scenario: (scenario: Scenario) => Scenario;
};

/** The product as it is. */
export const NO_MUTANT: Mutant = {
  name: "none",
  seed: 1,
  law: /never/,
  sql: (sql) => sql,
  isEarly: () => false,
  ports: (ports) => ports,
  pipelines: (pipelines) => pipelines,
  scenario: (scenario) => scenario,
};
