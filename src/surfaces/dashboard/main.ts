/** The page: what is wired to what. Every part of it stands in a file of its own. */
import { PAGE_CALL_TIMEOUT_MS, PAGE_REFRESH_MS, PAGE_REFRESH_RUNNING_MS } from "../../core/policy.ts";
import type { Run } from "../../ports/run-store.ts";
import type { RunReport, Status } from "../../queries/status.ts";
import { ApiError, createApiClient, type ApiClient } from "../client.ts";
import { BROWSER_CLOCK } from "./browser.ts";
import { byId, setText } from "./dom.ts";
import { createFormats } from "./formats.ts";
import { keepAsking } from "./refresh.ts";
import { createRunsView } from "./runs-view.ts";
import { createSearchView } from "./search-view.ts";
import { failureWords } from "./sentences.ts";
import { createSession, isSendable, tokenInFragment } from "./session.ts";
import { createStatusView } from "./status-view.ts";
import { createSyncNow } from "./sync-now.ts";

const WRONG_TOKEN =
  "This token does not open the API: copy the whole line from the file token in the data directory.";

const formats = createFormats(navigator.language);
const session = createSession(sessionStorage);
const page = byId("page", HTMLElement);
const connection = byId("connection", HTMLElement);
const ways = byId("ways", HTMLElement);
const signIn = byId("sign-in", HTMLElement);
const signInProblem = byId("sign-in-problem", HTMLElement);
const tokenField = byId("token", HTMLInputElement);

let client: ApiClient | null = null;

const doors = { client: () => client, failed };
const wake = (): void => refresher.wake();
const statusView = createStatusView(formats, { ...doors, wake: () => refresher.wake() });
const runsView = createRunsView(formats, wake);
const searchView = createSearchView(formats, doors);
const syncNow = createSyncNow(formats, { ...doors, wake });
const refresher = keepAsking(refresh, { clock: BROWSER_CLOCK, isSeen: () => !document.hidden });

/** What one refresh brings. */
type Standing = {
  readonly status: Status;
  readonly runs: readonly Run[];
  readonly reports: ReadonlyMap<string, RunReport>;
};

/** Ask where everything stands, and show it. */
async function refresh(): Promise<number | null> {
  const api = client;
  if (api === null) return null;
  const standing = await fetchStanding(api).catch((error: unknown) => {
    // An answer to whoever was signed in before says nothing to whoever is now.
    if (api === client) (isRefused(error) ? failed : unanswered)(error);
    return null;
  });
  if (standing === null || api !== client) return PAGE_REFRESH_MS;
  answered();
  try {
    show(standing);
  } catch (error) {
    // What is shown may be old now, so it must not look like the present.
    reportError(error);
    problemOfAll("The page has a defect and cannot show what came: the console of the browser says which.");
  }
  const isBusy = standing.status.unfinished.length > 0 || syncNow.following() !== null;
  return isBusy ? PAGE_REFRESH_RUNNING_MS : PAGE_REFRESH_MS;
}

function show({ status, runs, reports }: Standing): void {
  statusView.show(status);
  runsView.show({ nowMs: status.nowMs, quarantined: status.totals.quarantined, runs, reports });
  const followed = reports.get(syncNow.following() ?? "");
  if (followed !== undefined) syncNow.show(followed, status.nowMs);
}

async function fetchStanding(api: ApiClient): Promise<Standing> {
  const [status, { items }] = await Promise.all([api.status(), api.runs(runsView.limit())]);
  const asked = [...runsView.wanted(), syncNow.following(), ...status.unfinished.map(({ id }) => id)];
  const ids = [...new Set(asked.filter((id) => id !== null))];
  const reports = await Promise.all(ids.map(async (id) => [id, await api.run(id)] as const));
  return { status, runs: items, reports: new Map(reports) };
}

function answered(): void {
  page.dataset["state"] = "answered";
  if (connection.textContent === "") return;
  setText(connection, "");
  searchView.retry();
}

/** A refused token and a server that is gone concern the whole page; any other answer concerns whoever asked. */
function failed(error: unknown): void {
  if (isRefused(error)) ask(WRONG_TOKEN);
  else if (!(error instanceof ApiError)) unanswered(error);
}

function isRefused(error: unknown): boolean {
  return error instanceof ApiError && error.status === 401;
}

function unanswered(error: unknown): void {
  const words = failureWords(error);
  const goesOn = "What stands below is what it said last. The page asks again by itself.";
  problemOfAll(`${words.charAt(0).toUpperCase()}${words.slice(1)}. ${goesOn}`);
}

function problemOfAll(sentence: string): void {
  setText(connection, sentence);
  page.dataset["state"] = "unanswered";
}

/** Ask for the token. */
function ask(problem: string): void {
  client = null;
  session.forget();
  showPage(false);
  setText(signInProblem, problem);
  tokenField.toggleAttribute("aria-invalid", problem !== "");
  tokenField.focus();
}

function showPage(isIn: boolean): void {
  page.hidden = !isIn;
  ways.hidden = !isIn;
  signIn.hidden = isIn;
}

function enter(token: string): void {
  if (!isSendable(token)) return ask(WRONG_TOKEN);
  session.keep(token);
  const { origin } = location;
  client = createApiClient(origin, token, (input, init) =>
    fetch(input, {
      ...init,
      cache: "no-store",
      credentials: "omit",
      signal: BROWSER_CLOCK.timeout(PAGE_CALL_TIMEOUT_MS),
    }),
  );
  showPage(true);
  tokenField.value = "";
  setText(signInProblem, "");
  refresher.wake();
  searchView.fromAddress();
  // With passages to read, the keyboard of a phone would only hide them.
  if (location.search === "") byId("question", HTMLInputElement).focus();
}

/** Take the token out of the address before anything else can see it there. */
function enterByAddress(): boolean {
  const token = tokenInFragment(location.hash);
  if (token === null) return false;
  history.replaceState(history.state, "", `${location.pathname}${location.search}`);
  enter(token);
  return true;
}

addEventListener("hashchange", enterByAddress);
document.addEventListener("visibilitychange", wake);
addEventListener("online", wake);
byId("sign-in-form", HTMLFormElement).addEventListener("submit", (event) => {
  event.preventDefault();
  enter(tokenField.value.trim());
});
byId("forget", HTMLButtonElement).addEventListener("click", () => ask(""));

if (!enterByAddress()) {
  const kept = session.token();
  if (kept === null) ask("");
  else enter(kept);
}
