declare module 'jasmine-core' {
  interface SpecResult {
    readonly fullName: string
    readonly status: string
    readonly failedExpectations: readonly { readonly message: string }[]
  }
  interface Env {
    configure(options: { random: boolean; specFilter(spec: { getFullName(): string }): boolean }): void
    addReporter(reporter: { specDone(result: SpecResult): void; jasmineDone(): void }): void
    execute(): void
  }
  const core: { boot(): { getEnv(): Env } }
  export default core
}
