// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
//
// What HAPI FHIR's own client can do with our server: one line `ok NAME` or `failed NAME: why` for
// each. Arguments: the FHIR base. The bearer token is in the environment, XL_TOKEN.

import ca.uhn.fhir.context.FhirContext;
import ca.uhn.fhir.rest.api.MethodOutcome;
import ca.uhn.fhir.rest.api.PreferReturnEnum;
import ca.uhn.fhir.rest.client.api.IGenericClient;
import ca.uhn.fhir.rest.client.api.ServerValidationModeEnum;
import ca.uhn.fhir.rest.client.interceptor.BearerTokenAuthInterceptor;
import ca.uhn.fhir.rest.gclient.ReferenceClientParam;
import ca.uhn.fhir.rest.server.exceptions.BaseServerResponseException;
import ca.uhn.fhir.rest.server.exceptions.PreconditionFailedException;
import ca.uhn.fhir.rest.server.exceptions.ResourceGoneException;
import ca.uhn.fhir.rest.server.exceptions.ResourceNotFoundException;
import ca.uhn.fhir.rest.server.exceptions.UnprocessableEntityException;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.hl7.fhir.instance.model.api.IIdType;
import org.hl7.fhir.r4.model.Bundle;
import org.hl7.fhir.r4.model.CapabilityStatement;
import org.hl7.fhir.r4.model.Enumerations.AdministrativeGender;
import org.hl7.fhir.r4.model.IdType;
import org.hl7.fhir.r4.model.Observation;
import org.hl7.fhir.r4.model.OperationOutcome;
import org.hl7.fhir.r4.model.Parameters;
import org.hl7.fhir.r4.model.Patient;
import org.hl7.fhir.r4.model.Quantity;
import org.hl7.fhir.r4.model.Reference;
import org.hl7.fhir.r4.model.StringType;

public final class HapiClient {
  private interface Step {
    void run() throws Exception;
  }

  private final IGenericClient client;
  private boolean failed = false;
  private IdType patient;

  private HapiClient(String base, String token) {
    FhirContext context = FhirContext.forR4();
    context.getRestfulClientFactory().setServerValidationMode(ServerValidationModeEnum.ONCE);
    context.getRestfulClientFactory().setSocketTimeout(60_000);
    client = context.newRestfulGenericClient(base);
    client.registerInterceptor(new BearerTokenAuthInterceptor(token));
  }

  private void step(String name, Step what) {
    try {
      what.run();
      System.out.println("ok " + name);
    } catch (Throwable why) {
      failed = true;
      String body = why instanceof BaseServerResponseException told ? told.getResponseBody() : "";
      System.out.println("failed " + name + ": " + why + " " + body);
    }
  }

  private static void check(boolean holds, Object what) {
    if (!holds) throw new IllegalStateException(String.valueOf(what));
  }

  /// Runs something that the server must refuse.
  private static <T extends BaseServerResponseException> T refused(Class<T> kind, Step what)
      throws Exception {
    try {
      what.run();
    } catch (BaseServerResponseException told) {
      check(kind.isInstance(told), told);
      OperationOutcome outcome = (OperationOutcome) told.getOperationOutcome();
      check(outcome != null && outcome.hasIssue(), "an OperationOutcome comes with it");
      return kind.cast(told);
    }
    throw new IllegalStateException("it was not refused");
  }

  private Observation pulse(int perMinute) {
    Observation out = new Observation();
    out.setStatus(Observation.ObservationStatus.FINAL);
    out.getCode().addCoding().setSystem("http://loinc.org").setCode("8867-4");
    out.setSubject(new Reference(patient.toUnqualifiedVersionless()));
    out.setValue(new Quantity().setValue(new BigDecimal(perMinute + ".0")).setUnit("/min"));
    return out;
  }

  private void capabilities() {
    CapabilityStatement told =
        client.capabilities().ofType(CapabilityStatement.class).execute();
    check(told.getFhirVersion().toCode().equals("4.0.1"), told.getFhirVersion());
    check(told.getRestFirstRep().getResource().size() > 140, "resources");
  }

  private void create() {
    Patient given = new Patient();
    given.addName().setFamily("Mu\u0308ller").addGiven("\u674e");
    given.setGender(AdministrativeGender.FEMALE);
    MethodOutcome out =
        client.create().resource(given).prefer(PreferReturnEnum.REPRESENTATION).execute();
    check(out.getCreated(), "created");
    patient = (IdType) out.getId();
    check("1".equals(patient.getVersionIdPart()), patient);
    Patient kept = (Patient) out.getResource();
    check(kept.getNameFirstRep().equalsDeep(given.getNameFirstRep()), "the name");
    check(kept.getMeta().getLastUpdated() != null, "meta.lastUpdated");
  }

  private void read() throws Exception {
    Patient kept = client.read().resource(Patient.class).withId(patient.getIdPart()).execute();
    check(kept.getGender() == AdministrativeGender.FEMALE, kept.getGender());
    Patient first = client.read()
                        .resource(Patient.class)
                        .withIdAndVersion(patient.getIdPart(), "1")
                        .execute();
    check(first.equalsDeep(kept), "vread");
    refused(ResourceNotFoundException.class,
        () -> client.read().resource(Patient.class).withId("nobody").execute());
  }

  private void update() throws Exception {
    Patient kept = client.read().resource(Patient.class).withId(patient.getIdPart()).execute();
    kept.setActive(true);
    MethodOutcome out = client.update().resource(kept).execute();
    check("2".equals(out.getId().getVersionIdPart()), out.getId());
    // The version in the id becomes If-Match, and is the first one still.
    refused(PreconditionFailedException.class, () -> client.update().resource(kept).execute());
    Patient fresh = new Patient();
    fresh.setId("of-my-own");
    check(client.update().resource(fresh).execute().getCreated(), "an id of the client's");
  }

  private void patch() {
    MethodOutcome out = client.patch()
                            .withBody("[{\"op\":\"replace\",\"path\":\"/active\",\"value\":false}]")
                            .withId(patient.toUnqualifiedVersionless())
                            .execute();
    check("3".equals(out.getId().getVersionIdPart()), out.getId());
    Parameters changes = new Parameters();
    Parameters.ParametersParameterComponent one = changes.addParameter().setName("operation");
    one.addPart().setName("type").setValue(new org.hl7.fhir.r4.model.CodeType("replace"));
    one.addPart().setName("path").setValue(new StringType("Patient.active"));
    one.addPart().setName("value").setValue(new org.hl7.fhir.r4.model.BooleanType(true));
    client.patch().withFhirPatch(changes).withId(patient.toUnqualifiedVersionless()).execute();
    Patient kept = client.read().resource(Patient.class).withId(patient.getIdPart()).execute();
    check(kept.getActive(), "both kinds of patch");
  }

  private void conflictsAndInvalid() throws Exception {
    Observation wrong = pulse(60);
    wrong.setStatus(null);
    UnprocessableEntityException told = refused(
        UnprocessableEntityException.class, () -> client.create().resource(wrong).execute());
    OperationOutcome outcome = (OperationOutcome) told.getOperationOutcome();
    check(outcome.getIssueFirstRep().getExpression().get(0).getValue().startsWith("Observation"),
        "the element is named");
  }

  private void transaction() {
    Bundle sent = new Bundle();
    sent.setType(Bundle.BundleType.TRANSACTION);
    Patient other = new Patient();
    other.addName().setText("Ada");
    sent.addEntry()
        .setFullUrl("urn:uuid:0c3151bd-1cbf-4d64-b04d-cd9187a4c6e0")
        .setResource(other)
        .getRequest()
        .setMethod(Bundle.HTTPVerb.POST)
        .setUrl("Patient");
    Observation about = pulse(70);
    about.getSubject().setReference("urn:uuid:0c3151bd-1cbf-4d64-b04d-cd9187a4c6e0");
    sent.addEntry().setResource(about).getRequest().setMethod(Bundle.HTTPVerb.POST).setUrl(
        "Observation");
    Bundle answer = client.transaction().withBundle(sent).execute();
    check(answer.getType() == Bundle.BundleType.TRANSACTIONRESPONSE, answer.getType());
    check(answer.getEntry().size() == 2, answer.getEntry().size());
    for (Bundle.BundleEntryComponent entry : answer.getEntry()) {
      check(entry.getResponse().getStatus().startsWith("201"), entry.getResponse().getStatus());
    }
    IdType who = new IdType(answer.getEntry().get(0).getResponse().getLocation());
    IdType what = new IdType(answer.getEntry().get(1).getResponse().getLocation());
    Observation kept =
        client.read().resource(Observation.class).withId(what.getIdPart()).execute();
    check(kept.getSubject().getReference().equals("Patient/" + who.getIdPart()), "resolved");
  }

  private void search() {
    for (int i = 0; i < 5; ++i) client.create().resource(pulse(60 + i)).execute();
    ReferenceClientParam about = new ReferenceClientParam("patient");
    Bundle page = client.search()
                      .forResource(Observation.class)
                      .where(about.hasId(patient.getIdPart()))
                      .and(Observation.CODE.exactly().systemAndCode("http://loinc.org", "8867-4"))
                      .count(2)
                      .returnBundle(Bundle.class)
                      .execute();
    check(page.getTotal() == 5, page.getTotal());
    Set<String> seen = new TreeSet<>();
    for (int pages = 1;; ++pages) {
      for (Bundle.BundleEntryComponent entry : page.getEntry()) {
        seen.add(entry.getResource().getIdElement().getIdPart());
      }
      if (page.getLink(Bundle.LINK_NEXT) == null) {
        check(pages == 3, pages);
        break;
      }
      page = client.loadPage().next(page).execute();
    }
    check(seen.size() == 5, seen);
    Bundle posted = client.search()
                        .forResource(Patient.class)
                        .where(Patient.FAMILY.matches().value("m\u00fcll"))
                        .usingStyle(ca.uhn.fhir.rest.api.SearchStyleEnum.POST)
                        .returnBundle(Bundle.class)
                        .execute();
    check(posted.getTotal() == 1, posted.getTotal());
  }

  private void history() {
    Bundle versions = client.history()
                          .onInstance(patient.toUnqualifiedVersionless())
                          .returnBundle(Bundle.class)
                          .execute();
    check(versions.getEntry().size() == 4, versions.getEntry().size());
    List<String> methods = new ArrayList<>();
    versions.getEntry().forEach(one -> methods.add(one.getRequest().getMethod().toCode()));
    check(methods.get(3).equals("POST") && methods.get(0).equals("PUT"), methods);
    Bundle all = client.history().onServer().returnBundle(Bundle.class).count(3).execute();
    check(all.getEntry().size() == 3, all.getEntry().size());
  }

  private void operations() {
    MethodOutcome told = client.validate().resource(pulse(60)).execute();
    check(((OperationOutcome) told.getOperationOutcome()).hasIssue(), "an outcome");
    Bundle everything = client.operation()
                            .onInstance(patient.toUnqualifiedVersionless())
                            .named("$everything")
                            .withNoParameters(Parameters.class)
                            .useHttpGet()
                            .returnResourceType(Bundle.class)
                            .execute();
    check(everything.getEntry().size() == 6, everything.getEntry().size());
  }

  private void delete() throws Exception {
    Observation one = pulse(99);
    IIdType id = client.create().resource(one).execute().getId().toUnqualifiedVersionless();
    client.delete().resourceById(id).execute();
    refused(ResourceGoneException.class,
        () -> client.read().resource(Observation.class).withId(id.getIdPart()).execute());
    client.delete().resourceById(id).execute();
    client.delete().resourceById(new IdType("Observation", "never-was")).execute();
  }

  /// Exit code 1 when a step failed.
  public static void main(String[] arguments) {
    HapiClient it = new HapiClient(arguments[0], System.getenv("XL_TOKEN"));
    it.step("capabilities", it::capabilities);
    it.step("create", it::create);
    it.step("read", it::read);
    it.step("update", it::update);
    it.step("patch", it::patch);
    it.step("invalid", it::conflictsAndInvalid);
    it.step("transaction", it::transaction);
    it.step("search", it::search);
    it.step("history", it::history);
    it.step("operations", it::operations);
    it.step("delete", it::delete);
    System.exit(it.failed ? 1 : 0);
  }
}
