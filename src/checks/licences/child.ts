import { serveScan } from "../scanner/child.ts";
import { packagesScanner } from "../scanner/packages/scan.ts";

await serveScan(packagesScanner);
