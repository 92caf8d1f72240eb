# Supplied with Tidelock. Where the session is a cookie: another site makes the browser send a write.
Feature: Writes that another site sends

  @login @protected @write
  Scenario: The service's own page can write
    Given "user" is signed in
    When I send the write
    Then the status is below 400

  @login @protected @write
  Scenario Outline: Another site cannot (<origin>)
    Given "user" is signed in
    And I send the header "Origin" as "<origin>"
    And I send the header "Referer" as "https://attacker.invalid/page"
    And I send the header "Sec-Fetch-Site" as "cross-site"
    When I send the write as another site would
    Then the write is refused

    Examples:
      | origin                   |
      | https://attacker.invalid |
      | null                     |

  @login @protected @write
  Scenario: A stranger cannot write
    Given I act as "a stranger"
    When I send the write
    Then the write is refused
