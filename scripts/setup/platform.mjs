const supported = ["linux-x64", "linux-arm64", "darwin-x64", "darwin-arm64"];

/** One sentence that says why this machine cannot run Tidelock, or null. */
export function platformProblem() {
  const major = Number.parseInt(process.versions.node, 10);
  if (major < 20) {
    return `Node ${process.version} is too old to install with; use Node 20 or newer (Tidelock brings its own Node 24).`;
  }
  const here = `${process.platform}-${process.arch}`;
  if (process.platform === "win32") {
    return "Tidelock does not run on Windows itself; run it inside WSL2 (wsl --install), where everything works.";
  }
  if (!supported.includes(here)) {
    return `Tidelock runs on Linux with glibc and on macOS, x64 or arm64; this machine is ${here}.`;
  }
  if (process.platform === "linux" && !glibc()) {
    return "Tidelock needs a Linux with glibc (Debian, Ubuntu, Fedora, ...); this one uses another C library (musl), for which Node 24 and PostgreSQL are not packaged.";
  }
  return null;
}

function glibc() {
  // A report lists network interfaces too, which may take seconds on some machines; leave them out.
  process.report.excludeNetwork = true;
  return Boolean(process.report.getReport().header.glibcVersionRuntime);
}
