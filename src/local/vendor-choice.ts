import type { RunOptions } from "./options.ts";

export type Environment = Readonly<Record<string, string | undefined>>;

/** Which vendors are the real ones: those with a key and without an address of something else. */
export function realVendors(
  environment: Environment,
  { firefliesUrl, notionUrl }: Pick<RunOptions, "firefliesUrl" | "notionUrl">,
): { readonly fireflies: boolean; readonly notion: boolean } {
  return {
    fireflies: (environment["FIREFLIES_API_KEY"] ?? "") !== "" && firefliesUrl === undefined,
    notion: (environment["NOTION_TOKEN"] ?? "") !== "" && notionUrl === undefined,
  };
}
