import { encodeQR } from "qr";

/** Light modules around it, which scanners need to find it (ISO/IEC 18004). */
const quiet = 4;

/**
 * A QR code as shapes of this page: no image, no markup from a string, no style, so that the content security policy and
 * Trusted Types have nothing to refuse. Black on white in every theme: many scanners read no other.
 *
 * @param label what it is for whoever does not see it; what it says has to stand beside it as text
 */
export function QrCode({ text, label }: { readonly text: string; readonly label: string }) {
  const rows = encodeQR(text, "raw", { ecc: "medium", border: quiet });
  const size = rows.length;
  return (
    <svg className="qr" role="img" aria-label={label} viewBox={`0 0 ${size} ${size}`}>
      <rect width={size} height={size} fill="#fff" />
      <path d={darkModules(rows)} fill="#000" shapeRendering="crispEdges" />
    </svg>
  );
}

/** A path with a rectangle for each run of dark modules in a row. */
function darkModules(rows: readonly (readonly boolean[])[]): string {
  const runs: string[] = [];
  rows.forEach((row, y) => {
    for (let x = 0; x < row.length; x += 1) {
      if (row[x] !== true) continue;
      const from = x;
      while (row[x + 1] === true) x += 1;
      runs.push(`M${from} ${y}h${x + 1 - from}v1H${from}z`);
    }
  });
  return runs.join("");
}
