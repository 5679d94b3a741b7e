/** What the command line leaves to a simulation. */
export type Options = {
  readonly seeds?: number;
  readonly first?: number;
  readonly seed?: number;
  readonly keep?: string;
  readonly bug?: string;
  readonly planted?: string | true;
  readonly long?: boolean;
  readonly trace?: boolean;
  readonly shrink: boolean;
  readonly threads: number;
  readonly json?: boolean;
};

/** What went wrong, in one sentence. */
export function failure(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
