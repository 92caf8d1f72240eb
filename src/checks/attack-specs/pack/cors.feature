# Supplied with Tidelock. What a page of another site may read with a user's session.
Feature: Other sites

  @login @protected
  Scenario Outline: Another site cannot read what a user sees (<origin>)
    Given "user" is signed in
    And I send the header "Origin" as "<origin>"
    When I request the protected page
    Then the header "access-control-allow-origin" does not contain "<origin>"
    And the header "access-control-allow-origin" does not contain "*"

    Examples:
      | origin                                  |
      | https://attacker.invalid                |
      | https://{{host}}.attacker.invalid       |
      | null                                    |

  @protected
  Scenario: Another site is not promised that it may write
    Given I send the header "Origin" as "https://attacker.invalid"
    And I send the header "Access-Control-Request-Method" as "DELETE"
    When I ask before a write to the protected page
    Then the header "access-control-allow-origin" does not contain "attacker.invalid"
    And the header "access-control-allow-origin" does not contain "*"
