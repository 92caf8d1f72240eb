# Supplied with Tidelock. Only reads, so it may be used on what is live.
Feature: Security headers

  Background:
    When I request "/"
    And the status is below 500

  @passive
  Scenario: Browsers do not guess what a file is
    Then the header "x-content-type-options" is "nosniff"

  @passive
  Scenario: No other site puts it into a frame
    Then a frame of another site is refused

  @passive
  Scenario: Any other site may not read it with a session
    Then the header "access-control-allow-origin" does not contain "*"

  @passive
  Scenario: It does not tell its versions
    Then the header "x-powered-by" is absent
    And the header "server" does not match /\d+\.\d+/

  @passive @https
  Scenario: Browsers come back with encryption
    Then encryption is asked for from now on
