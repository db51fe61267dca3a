// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
//
// What HAPI FHIR's validator, with the official definitions of R4, says of JSON files: for each
// problem a line of file, severity, element and words, separated by tabs. Arguments: a folder.

import ca.uhn.fhir.context.FhirContext;
import ca.uhn.fhir.context.support.DefaultProfileValidationSupport;
import ca.uhn.fhir.validation.FhirValidator;
import ca.uhn.fhir.validation.ResultSeverityEnum;
import ca.uhn.fhir.validation.SingleValidationMessage;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.hl7.fhir.common.hapi.validation.support.CommonCodeSystemsTerminologyService;
import org.hl7.fhir.common.hapi.validation.support.InMemoryTerminologyServerValidationSupport;
import org.hl7.fhir.common.hapi.validation.support.SnapshotGeneratingValidationSupport;
import org.hl7.fhir.common.hapi.validation.support.ValidationSupportChain;
import org.hl7.fhir.common.hapi.validation.validator.FhirInstanceValidator;

public final class HapiValidator {
  private HapiValidator() {}

  /// Exit code 0 whatever is found.
  public static void main(String[] arguments) throws Exception {
    FhirContext context = FhirContext.forR4();
    ValidationSupportChain support =
        new ValidationSupportChain(new DefaultProfileValidationSupport(context),
            new CommonCodeSystemsTerminologyService(context),
            new InMemoryTerminologyServerValidationSupport(context),
            new SnapshotGeneratingValidationSupport(context));
    FhirInstanceValidator module = new FhirInstanceValidator(support);
    module.setErrorForUnknownProfiles(false);
    FhirValidator validator = context.newValidator();
    validator.registerValidatorModule(module);
    List<Path> files;
    try (Stream<Path> found = Files.list(Path.of(arguments[0]))) {
      files = found.filter(one -> one.toString().endsWith(".json")).sorted().toList();
    }
    for (Path file : files) {
      var told = validator.validateWithResult(Files.readString(file));
      for (SingleValidationMessage one : told.getMessages()) {
        if (one.getSeverity().ordinal() < ResultSeverityEnum.WARNING.ordinal()) continue;
        System.out.println(file.getFileName() + "\t" + one.getSeverity() + "\t"
            + one.getLocationString() + "\t" + one.getMessage().replace('\n', ' '));
      }
      System.out.println(file.getFileName() + "\tDONE\t\t");
    }
  }
}
