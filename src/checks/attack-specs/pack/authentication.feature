# Supplied with Tidelock. Parameterised by `app` and `identities` of the demand: `user` is signed in,
# `other` is somebody else.
Feature: Authentication

  @login @protected
  Scenario: The right password opens what a stranger is not shown
    Given "user" is signed in
    When I request the protected page
    Then the protected page is shown

  @login @protected
  Scenario: A wrong password opens nothing
    When somebody signs in as "user" with the password "Wrong-{{random}}"
    Then nobody is signed in

  @login @protected
  Scenario: An empty password opens nothing
    When somebody signs in as "user" with the password ""
    Then nobody is signed in

  @login @protected
  Scenario: A password in other case opens nothing
    When somebody signs in as "user" with the password in other case
    Then nobody is signed in

  # Here, because who signs in rightly begins to be counted anew where wrong passwords are counted.
  @login @secrecy
  Scenario: No answer gives the password back
    Given "user" is signed in
    When I request the protected page
    Then the answer does not give away "{{user.password}}"
    When somebody signs in as "user" with the password "{{user.password}}"
    Then the answer does not give away "{{user.password}}"
    When somebody signs in as "user" with the password "Wrong-{{random}}"
    Then the answer does not give away "Wrong-{{random}}"

  @login @protected
  Scenario Outline: What would be true to a database is no password (<password>)
    When somebody signs in as "user" with the password "<password>"
    Then nobody is signed in

    Examples:
      | password      |
      | ' OR '1'='1   |
      | ' OR 1=1 -- - |

  @login @enumeration
  Scenario: Nobody learns from the answer which names there are
    When somebody signs in as "user" with the password "Wrong-{{random}}"
    And I remember the answer as "known"
    And somebody signs in as "nobody-{{random}}" with the password "Wrong-{{random}}"
    Then the answer is like the one remembered as "known"

  @login @protected @secrecy
  Scenario: A name and a password in an address open nothing
    When somebody signs in as "user" by an address with name and password in it
    Then nobody is signed in

  # After everything else of the run, the other files too: whoever is locked out stays so.
  @login @enumeration @timing @last
  Scenario: Nobody learns from the time which names there are
    Then a name that "user" has takes as long as one that nobody has

  @login @protected @lockout @last
  Scenario: Guessing is stopped
    Then guessing the password of "other" is stopped
