import { describe, expect, test } from "vitest";
import { splitStatements } from "./sql-statements.ts";

const TRIGGER = `CREATE TRIGGER t_ai AFTER INSERT ON t BEGIN
  UPDATE t SET a = CASE WHEN b THEN ';' ELSE 'end' END;
  DELETE FROM u; -- end; of the work
END`;

describe("splitStatements", () => {
  test("splits at semicolons and drops them", () => {
    expect(splitStatements("SELECT 1;\nSELECT 2;")).toEqual(["SELECT 1", "SELECT 2"]);
  });

  test("keeps a last statement without a semicolon", () => {
    expect(splitStatements("SELECT 1; SELECT 2")).toEqual(["SELECT 1", "SELECT 2"]);
  });

  test("does not split inside quotes, whichever kind, nor at a doubled quote", () => {
    const sql = `INSERT INTO [a;b] VALUES ('x;''y;', "z;", \`w;\`)`;
    expect(splitStatements(`${sql};`)).toEqual([sql]);
  });

  test("does not split inside comments and takes no quote in a comment for an opening one", () => {
    expect(splitStatements("SELECT 1 -- don't; stop\n; /* it's; */ SELECT 2;")).toEqual([
      "SELECT 1 -- don't; stop",
      "/* it's; */ SELECT 2",
    ]);
  });

  test("leaves out what holds no statement", () => {
    expect(splitStatements("")).toEqual([]);
    expect(splitStatements(";;\n-- only words\n; /* and more */")).toEqual([]);
  });

  test.each(["TRIGGER", "TEMP TRIGGER", "TEMPORARY TRIGGER", "trigger"])(
    "keeps the body of CREATE %s together",
    (kind) => {
      const trigger = TRIGGER.replace("TRIGGER", kind);
      expect(splitStatements(`${trigger};\nSELECT 1;`)).toEqual([trigger, "SELECT 1"]);
    },
  );

  test("splits after a table whose columns are called begin and end", () => {
    expect(splitStatements("CREATE TABLE t (begin, end); SELECT 1;")).toHaveLength(2);
  });

  test("a quote that is never closed reaches to the end", () => {
    expect(splitStatements("SELECT 'a; SELECT 2;")).toEqual(["SELECT 'a; SELECT 2;"]);
  });
});
