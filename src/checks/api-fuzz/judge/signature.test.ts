import { expect, it } from "vitest";
import { signatureOf } from "./signature.ts";

it("says nothing of scripts and styles, and all of what stands outside of them", () => {
  const body = `a<script>x TypeError: y</script>b<STYLE>q</STYLE>c <style>d <script>e</script>f`;
  expect(signatureOf({ status: 500, body }).text).toBe("500 a b c d f");
});

it("is made in a moment of whatever a service answers", () => {
  const began = performance.now();
  for (let round = 0; round < 10; round += 1)
    signatureOf({ status: 500, body: "<script>".repeat(2_500) });
  expect(performance.now() - began).toBeLessThan(1_000);
});
