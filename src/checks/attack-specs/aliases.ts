/** Command lines that Gauntlt's attack files call by name. Those that look at whole networks are not among them. */
export const aliases: Readonly<Record<string, string>> = {
  "nmap-fast": "nmap -F <host>",
  "nmap-single_port": "nmap -p<port> <host>",
  "nmap-all_tcp": "nmap -Pn -p 1-65534 <host>",
  "arachni-simple_xss":
    "arachni --checks=xss --scope-directory-depth-limit=1 --scope-page-limit=10 --scope-auto-redundant=2 <url>",
  "arachni-full_xss":
    "arachni --checks=xss* --scope-directory-depth-limit=1 --scope-page-limit=10 --scope-auto-redundant=2 <url>",
  "arachni-simple_xss_with_depth":
    "arachni --checks=xss --scope-directory-depth-limit=<depth> <url>",
  "arachni-full_xss_with_depth":
    "arachni --checks=xss* --scope-directory-depth-limit=<depth> <url>",
};
