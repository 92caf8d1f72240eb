import type { RequestListener } from "node:http";
import { describe, expect, it } from "vitest";
import { serve } from "../../../test/support/check-context.ts";
import { needsTool } from "../../../test/support/optional.ts";
import { checkTree, observationsIn } from "../../../test/support/tool-agent.ts";
import { wapiti } from "./index.ts";

/** Echoes what it is asked for, and points to another origin in every way a page can. */
function shop(elsewhere: string): RequestListener {
  return (request, response) => {
    const url = new URL(request.url ?? "/", "http://shop");
    response.setHeader("content-type", "text/html");
    if (url.pathname === "/search") {
      response.end(`<html><body>You searched ${url.searchParams.get("q")}</body></html>`);
    } else if (url.pathname === "/away") {
      response.writeHead(302, { location: `${elsewhere}/redirected` }).end();
    } else if (url.pathname === "/") {
      response.end(`<html><head><base href="/"><script src="${elsewhere}/script.js"></script></head>
        <body><a href="/away">1</a> <a href="${elsewhere}/linked">2</a> <a href="/search?q=1">3</a>
        <img src="${elsewhere}/image.png"><iframe src="${elsewhere}/frame"></iframe>
        <form action="${elsewhere}/form" method="post"><input name="z"></form></body></html>`);
    } else {
      response.writeHead(404).end("nothing here");
    }
  };
}

describe.skipIf(needsTool("wapiti").missing)("wapiti", { timeout: 120_000 }, () => {
  it("finds script that a page gives back, and leaves the declared origin by no link, form, frame or redirect", async () => {
    const seen: string[] = [];
    await using canary = await serve((request, response) => {
      seen.push(request.url ?? "");
      response.end("canary");
    });
    await using server = await serve(shop(canary.origin));
    const report = await checkTree(wapiti, {}, {}, { instances: [server.origin] });
    expect(report.verdict).toBe("pass");
    expect(report.exercised.routes).toBeGreaterThan(2);
    expect(observationsIn(report)).toContainEqual(
      expect.objectContaining({
        cwe: [79],
        place: { kind: "http", method: "GET", route: "/search", parameter: "q" },
      }),
    );
    expect(seen).toEqual([]);
  });

  it("is inconclusive about a login page, and an error where nothing answers", async () => {
    await using server = await serve((_request, response) => {
      response
        .setHeader("content-type", "text/html")
        .end("<html><body>Please log in</body></html>");
    });
    const modules = ["xss"];
    const options = { instances: [server.origin] };
    const login = await checkTree(wapiti, {}, { modules }, options);
    expect(login.verdict).toBe("inconclusive");
    expect(login.summary).toContain("at least 2 are expected");
    const nobody = await checkTree(wapiti, {}, { modules }, { instances: ["http://127.0.0.1:9"] });
    expect(nobody.verdict).toBe("error");
  });
});
