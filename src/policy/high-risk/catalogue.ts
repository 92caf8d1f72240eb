/** How a class of changes is told. */
export interface Signs {
  readonly paths: readonly string[];
  /** Searched in the bytes of changed files, before and after: a check that was taken out counts as well. */
  readonly contains: readonly string[];
}

const any = (...names: readonly string[]) =>
  names.flatMap((name) => [name, `**/${name}`, `${name}/**`, `**/${name}/**`]);

/**
 * Classes of change that Tidelock knows by itself: those in which a small edit does great harm. They are signs, no proof:
 * authentication can be changed in a file that bears none of them.
 */
export const knownRisks: Readonly<Record<string, Signs>> = {
  authentication: {
    paths: any("auth", "authentication", "login", "session", "sessions", "oauth", "oidc", "saml", "permissions", "rbac"), // prettier-ignore
    contains: ["passport", "jsonwebtoken", "jwt.verify", "jwt.decode", "bcrypt", "argon2", "Set-Cookie", "WWW-Authenticate", "express-session", "spring-security", "@PreAuthorize", "PermitAll", "csrf"], // prettier-ignore
  },
  cryptography: {
    paths: [...any("crypto", "cryptography", "tls", "certs", "keys"), "**/*.pem", "**/*.crt"],
    contains: ["createCipheriv", "createDecipheriv", "createSign(", "createHmac", "crypto.subtle", "MessageDigest", "Cipher.getInstance", "rejectUnauthorized", "InsecureSkipVerify", "verify=False", "-----BEGIN"], // prettier-ignore
  },
  pipeline: {
    paths: ["tidelock.y*ml", "**/tidelock.y*ml", ".github/**", ".gitlab-ci.yml", ".circleci/**", "Jenkinsfile", "**/Jenkinsfile", "azure-pipelines.yml", "bitbucket-pipelines.yml", "**/.npmrc", "Makefile"], // prettier-ignore
    contains: [],
  },
  infrastructure: {
    paths: ["**/*.tf", "**/*.tfvars", "**/Dockerfile*", "Dockerfile*", "**/docker-compose*.y*ml", "docker-compose*.y*ml", ...any("k8s", "kubernetes", "helm", "ansible", "terraform")], // prettier-ignore
    contains: ["hostNetwork: true", "privileged: true", "0.0.0.0/0"],
  },
  database: {
    paths: ["**/*.sql", "*.sql", ...any("migrations", "migrate", "prisma", "liquibase", "flyway")],
    contains: ["DROP TABLE", "ALTER TABLE", "CREATE TABLE", "GRANT ALL"],
  },
  dependencies: {
    paths: ["package.json", "package-lock.json", "yarn.lock", "pnpm-lock.yaml", "go.mod", "go.sum", "requirements*.txt", "poetry.lock", "Cargo.lock", "pom.xml", "build.gradle*", "Gemfile.lock", "composer.lock"].flatMap((name) => [name, `**/${name}`]), // prettier-ignore
    contains: [],
  },
};
