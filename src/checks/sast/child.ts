import { serveScan } from "../scanner/child.ts";
import { sastScanner } from "./scan.ts";

await serveScan(sastScanner);
