import { CommanderError } from "commander";
import { describe, expect, test } from "vitest";
import { ApiError, ApiUnreachable } from "../surfaces/client.ts";
import { endingOf } from "./ending.ts";
import { BadSetting, StartRefused } from "./start-refused.ts";

describe("endingOf", () => {
  test.each([
    [new StartRefused("The disk is full: make room."), "The disk is full: make room."],
    [
      new ApiError(500, "the request failed"),
      "The run was broken off, for the request failed; it goes on at the next start.",
    ],
    [
      new ApiUnreachable("http://127.0.0.1:1", {}),
      "The run was broken off, for the Workers runtime ended and did not come back; it goes on at the next start.",
    ],
  ])("writes %s as a sentence and ends with 3", (error, sentence) => {
    expect(endingOf(error)).toEqual({ sentence, text: sentence, exitCode: 3 });
  });

  test("ends with 2 for a setting that means nothing", () => {
    const sentence = "EMBEDDINGS names no model: write lexical.";
    expect(endingOf(new BadSetting(sentence))).toEqual({ sentence, text: sentence, exitCode: 2 });
  });

  test("leaves what commander has written, and ends with 2, or with 0 after help", () => {
    const wrong = new CommanderError(
      1,
      "commander.unknownOption",
      "error: unknown option '--x'\n(Did you mean --y?)",
    );
    expect(endingOf(wrong)).toEqual({
      sentence: "unknown option '--x' (Did you mean --y?)",
      text: null,
      exitCode: 2,
    });
    const help = new CommanderError(0, "commander.helpDisplayed", "(outputHelp)");
    expect(endingOf(help)).toEqual({ sentence: null, text: null, exitCode: 0 });
  });

  test("shows where a defect is, and names it in one line", () => {
    const { sentence, text, exitCode } = endingOf(new TypeError("x is not\n a function"));
    expect({ sentence, exitCode }).toEqual({ sentence: "TypeError: x is not a function", exitCode: 3 });
    expect(text).toMatch(/^TypeError: x is not\n a function\n\s+at /);
  });
});
