import type { FastifyInstance } from "fastify";
import { TidelockError } from "../../model/errors.ts";
import { ambiguity, deepestJson } from "../../model/json-ambiguity.ts";

/**
 * Bodies of calls: JSON whose meaning no two readers can differ about (RFC 8259 4: names within an object SHOULD be
 * unique), not nested without end, and without `__proto__` or `constructor.prototype` (Fastify's own parser).
 */
export function registerStrictJson(app: FastifyInstance): void {
  const parse = app.getDefaultJsonParser("error", "error");
  app.removeContentTypeParser("application/json");
  app.addContentTypeParser("application/json", { parseAs: "string" }, (request, body, done) => {
    const problem = ambiguity(String(body));
    if (problem !== null) {
      done(
        new TidelockError("invalid-input", `this JSON is not taken: ${problem}`, {
          fault: "operator",
          where: "request body",
          hint: `name each field once, and nest no deeper than ${deepestJson}`,
        }),
      );
      return;
    }
    void parse(request, String(body), done);
  });
}
