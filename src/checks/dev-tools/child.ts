import { serveScan } from "../scanner/child.ts";
import { devToolsScanner } from "./scan.ts";

await serveScan(devToolsScanner);
