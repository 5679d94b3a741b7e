import { clockOf } from "../../core/search/clock.ts";
import type { SearchHit } from "../../queries/search.ts";
import { make, timeElement } from "./dom.ts";
import type { Formats } from "./formats.ts";
import { linesOf } from "./merge.ts";

/** What was said before and after a passage; null where it is no longer found. */
export type Around = Pick<SearchHit, "before" | "after"> | null;

/**
 * A passage that answers: when in which meeting, who, and what was said.
 *
 * @param around fetches what was said around it; fails with a sentence
 */
export function hitElement(hit: SearchHit, formats: Formats, around: () => Promise<Around>): HTMLElement {
  const { meeting, speaker, snippet } = hit;
  const before = make("div", { class: "beside", hidden: true });
  const after = make("div", { class: "beside", hidden: true });
  const at = hit.startSeconds === null ? "" : ` at ${clockOf(hit.startSeconds)}`;
  return make(
    "li",
    { class: "hit" },
    make("p", { class: "when" }, timeElement(formats.day(meeting.dateTime))),
    make(
      "article",
      {},
      make("h3", {}, meeting.title),
      make("p", { class: "small" }, `${speaker ?? "Somebody"}${at === "" ? "" : `,${at}`}`),
      before,
      make("blockquote", {}, ...turns(snippet)),
      after,
      make(
        "div",
        { class: "actions" },
        transcriptLink(hit, at),
        ...aroundButton({ before, after, around, passage: `${meeting.title}${at}` }),
      ),
    ),
  );
}

function turns(parts: SearchHit["snippet"]): HTMLElement[] {
  return linesOf(parts).map((line) =>
    make("p", {}, ...line.map(({ text, isMatch }) => (isMatch ? make("mark", {}, text) : text))),
  );
}

/** The transcript at the second where the passage begins; nothing where the source gave no address. */
function transcriptLink({ link, meeting }: SearchHit, at: string): HTMLElement | null {
  // The API gives web addresses only; an address of another kind is never made a link, whoever sent it.
  if (link === null || !/^https?:$/.test(URL.parse(link)?.protocol ?? "")) return null;
  return make(
    "a",
    { href: link, target: "_blank", rel: "noopener noreferrer" },
    `Open the transcript${at}`,
    make("span", { class: "unseen" }, ` (${meeting.title}, in a new tab)`),
  );
}

type AroundParts = {
  readonly before: HTMLElement;
  readonly after: HTMLElement;
  readonly around: () => Promise<Around>;
  /** Names the passage to whoever does not see it. */
  readonly passage: string;
};

function aroundButton({ before, after, around, passage }: AroundParts): HTMLElement[] {
  const said = make("span", { class: "small", role: "status" });
  const name = make("span", {}, "Before and after");
  const hint = make("span", { class: "unseen" }, ` this passage of ${passage}`);
  const button = make("button", { class: "quiet", type: "button", "aria-expanded": "false" }, name, hint);
  let found: Around = null;
  const show = (isOpen: boolean): void => {
    button.setAttribute("aria-expanded", String(isOpen));
    before.hidden = !isOpen || found?.before == null;
    after.hidden = !isOpen || found?.after == null;
  };
  button.addEventListener("click", () => {
    if (button.getAttribute("aria-expanded") === "true") {
      said.textContent = "";
      return show(false);
    }
    void reveal();
  });
  const reveal = async (): Promise<void> => {
    said.textContent = "Being fetched.";
    try {
      found ??= await around();
      said.textContent = aroundNote(found);
    } catch (error) {
      said.textContent = error instanceof Error ? error.message : String(error);
      return;
    }
    before.replaceChildren(...turns([{ text: found?.before ?? "", isMatch: false }]));
    after.replaceChildren(...turns([{ text: found?.after ?? "", isMatch: false }]));
    show(true);
  };
  return [button, said];
}

function aroundNote(found: Around): string {
  if (found === null) return "This passage was indexed anew: search again.";
  return found.before === null && found.after === null ? "Nothing was said before or after it." : "";
}
