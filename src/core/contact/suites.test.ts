/** Public test suites for e-mail addresses and phone numbers, against docs/vendors/validation.md. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { checkEmail } from "./email.ts";
import { checkPhone } from "./phone.ts";

const data = process.env["MEETINGS_DATA"];
const file = (name: string): string => join(data ?? "", "validation", name);
const isThere = data !== undefined && existsSync(file("emails.json")) && existsSync(file("phones.json"));
if (!isThere) console.log("SKIPPED: public suites of addresses and phone numbers (MEETINGS_DATA is not set)");

type Email = {
  readonly address: string;
  readonly valid_by: Readonly<Record<string, boolean>>;
  readonly computed: Readonly<Record<string, boolean>>;
};
type Phone = {
  readonly input: string;
  readonly region: string;
  readonly suite: string;
  readonly agree: boolean;
  readonly expect: {
    readonly valid?: boolean;
    readonly e164?: string;
    readonly extension?: string | null;
    readonly mobile_in_region?: boolean;
  };
  readonly computed: {
    readonly google_libphonenumber: {
      readonly valid: boolean;
      readonly type?: string;
      readonly region?: string;
    };
  };
};

/** Numbers of the cases on which we differ, by suite and by what we say. */
type Differences = Readonly<Record<string, readonly number[]>>;

function grouped(found: readonly (readonly [key: string, number: number])[]): Differences {
  const groups = Object.groupBy(found, ([key]) => key);
  return Object.fromEntries(
    Object.entries(groups).map(([key, cases]) => [
      key,
      (cases ?? []).map(([, number]) => number).toSorted((a, b) => a - b),
    ]),
  );
}

/** The rows of the document: suite, our verdict, numbers (`3, 5-7`), reason. */
function documented(heading: string): Differences {
  const path = join(import.meta.dirname, "../../../docs/vendors/validation.md");
  const section = readFileSync(path, "utf8").split(`## ${heading}\n`)[1]?.split("\n## ")[0] ?? "";
  const rows = section.matchAll(/^\| (\S+) \| (\S+) \| ([\d, -]+) \| [^|]{10,} \|$/gm);
  return grouped(
    [...rows].flatMap(([, suite = "", ours = "", numbers = ""]) =>
      numbers.split(", ").flatMap((range) => {
        const [from = "", to = from] = range.split("-");
        return Array.from({ length: Number(to) - Number(from) + 1 }, (_, at) => [
          `${suite} ${ours}`,
          Number(from) + at,
        ]) as [string, number][];
      }),
    ),
  );
}

/**
 * Whether a suite calls a number valid; null where it says nothing about that. A suite that only reads numbers leaves it
 * to the library whether they are in use; one that knows mobiles alone says nothing about other numbers in use.
 */
function isValidBySuite({ suite, region, expect, computed }: Phone): boolean | null {
  const google = computed.google_libphonenumber;
  if (expect.valid !== undefined) return expect.valid;
  if (suite === "libphonenumber-parse") return google.valid;
  if (expect.mobile_in_region === true) return true;
  const isMobileHere = google.region === region && (google.type ?? "").includes("MOBILE");
  return google.valid && !isMobileHere ? null : false;
}

function differs(phone: Phone): boolean {
  const ours = checkPhone(phone.input, phone.region);
  const expected = isValidBySuite(phone);
  if (expected !== null && expected !== (ours.verdict === "valid")) return true;
  if (ours.verdict !== "valid") return false;
  const { e164, extension } = phone.expect;
  return (
    (e164 !== undefined && e164 !== ours.e164) || (extension !== undefined && extension !== ours.extension)
  );
}

const read = <T>(name: string): readonly T[] => JSON.parse(readFileSync(file(name), "utf8"));
const SHARE_MAX = 0.02;

describe.skipIf(!isThere)("e-mail addresses of public suites", () => {
  const emails = isThere ? read<Email>("emails.json") : [];
  const taken = emails.map(({ address }) => checkEmail(address).value !== null);

  it("are judged alike where all suites and rules agree, but for at most 2 %", () => {
    const truth = emails.flatMap(({ valid_by, computed }, number) => {
      const verdicts = new Set([...Object.values(valid_by), ...Object.values(computed)]);
      return verdicts.size === 1 ? [{ number, isValid: verdicts.has(true) }] : [];
    });
    expect(truth).toHaveLength(340);
    const different = truth.filter(({ number, isValid }) => taken[number] !== isValid);
    expect(different.length / truth.length).toBeLessThanOrEqual(SHARE_MAX);
  });

  it("are in the document, each with its reason, where we differ from a suite", () => {
    const found = emails.flatMap(({ valid_by }, number) =>
      Object.entries(valid_by)
        .filter(([, isValid]) => isValid !== taken[number])
        .map(([suite]) => [`${suite} ${taken[number] === true ? "taken" : "refused"}`, number] as const),
    );
    expect(documented("E-mail addresses")).toEqual(grouped(found));
  });
});

describe.skipIf(!isThere)("phone numbers of public suites", () => {
  const phones = isThere ? read<Phone>("phones.json") : [];

  it("are judged alike where suite and library agree, but for at most 2 %", () => {
    const truth = phones.filter(({ agree }) => agree);
    expect(truth).toHaveLength(1747);
    expect(truth.filter(differs).length / truth.length).toBeLessThanOrEqual(SHARE_MAX);
  });

  it("are in the document, each with its reason, where we differ from a suite", () => {
    const found = phones.flatMap((phone, number) =>
      differs(phone)
        ? [[`${phone.suite} ${checkPhone(phone.input, phone.region).verdict}`, number] as const]
        : [],
    );
    expect(documented("Phone numbers")).toEqual(grouped(found));
  });
});
