/**
 * Run by bench/chunk.ts in a process with a small heap: node --expose-gc bench/chunk-memory.ts ASCII|Cyrillic true|false
 * Prints the heap in MB before chunking a made-up transcript of 10 MB of JSON, and chunks it if the last word is true.
 */
import { chunkTranscript } from "../src/core/chunk.ts";
import { SIZES, makeTranscript } from "../src/core/chunk-edits.testsuite.ts";
import type { SpokenSentence } from "../src/core/chunk.ts";

const JSON_BYTES = 10e6;
const FIRST_CYRILLIC = 0x430;

const [script, chunk] = process.argv.slice(2);
const sentences: SpokenSentence[] = [];
let bytes = 0;
for (let seed = 0; bytes < JSON_BYTES; seed++) {
  for (const sentence of makeTranscript(seed, 500)) {
    const text = script === "Cyrillic" ? toCyrillic(sentence.text) : sentence.text;
    // Parsed, as a transcript is: its strings are flat.
    const parsed = JSON.parse(JSON.stringify({ ...sentence, text })) as SpokenSentence;
    bytes += Buffer.byteLength(JSON.stringify(parsed));
    sentences.push(parsed);
  }
}
(globalThis as { gc?: () => void }).gc?.();
process.stdout.write(`${process.memoryUsage().heapUsed / 2 ** 20}\n`);
if (chunk === "true") {
  const chunks = chunkTranscript(sentences, SIZES);
  process.stdout.write(`${chunks.length} chunks of ${sentences.length} sentences\n`);
}

function toCyrillic(text: string): string {
  return text.replace(/[a-z]/g, (letter) => String.fromCharCode(FIRST_CYRILLIC + letter.charCodeAt(0) - 97));
}
