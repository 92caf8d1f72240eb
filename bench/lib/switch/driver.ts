/** What the switch bench drives: two colours with a release each, and a route. */
export interface SwitchDriver {
  /** The public port. */
  readonly port: number;
  /** Release names of the two colours now. */
  readonly releases: { readonly blue: string; readonly green: string };
  /** Returns when the router itself says that the new weights are in effect. */
  switchTo(colour: "blue" | "green"): Promise<void>;
  /** Replaces the idle colour's instances by ones of a new release. */
  renew(colour: "blue" | "green"): Promise<void>;
  /** Ids of all orders that any instance executed. */
  executed(): string[];
  /** Pid of the router process. */
  routerPid(): Promise<number>;
  end(): Promise<void>;
}
