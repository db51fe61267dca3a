// SPDX-License-Identifier: Apache-2.0
// Copyright The Xinglin Authors
//
// HAPI FHIR's JPA server, put together from its published modules with the settings that it comes
// with: what our FHIR server is measured beside. Arguments: a folder for its database (H2, kept on
// disk). Prints its port once it listens; ends with its standard input.

import ca.uhn.fhir.batch2.jobs.config.Batch2JobsConfig;
import ca.uhn.fhir.context.FhirContext;
import ca.uhn.fhir.jpa.api.config.JpaStorageSettings;
import ca.uhn.fhir.jpa.api.config.ThreadPoolFactoryConfig;
import ca.uhn.fhir.jpa.api.dao.IFhirSystemDao;
import ca.uhn.fhir.jpa.batch2.JpaBatch2Config;
import ca.uhn.fhir.jpa.binary.api.IBinaryStorageSvc;
import ca.uhn.fhir.jpa.binstore.DatabaseBinaryContentStorageSvcImpl;
import ca.uhn.fhir.jpa.config.HapiJpaConfig;
import ca.uhn.fhir.jpa.config.r4.JpaR4Config;
import ca.uhn.fhir.jpa.config.util.HapiEntityManagerFactoryUtil;
import ca.uhn.fhir.jpa.model.config.PartitionSettings;
import ca.uhn.fhir.jpa.model.config.SubscriptionSettings;
import ca.uhn.fhir.jpa.model.dialect.HapiFhirH2Dialect;
import ca.uhn.fhir.jpa.provider.JpaCapabilityStatementProvider;
import ca.uhn.fhir.jpa.provider.JpaSystemProvider;
import ca.uhn.fhir.jpa.search.DatabaseBackedPagingProvider;
import ca.uhn.fhir.jpa.subscription.channel.config.SubscriptionChannelConfig;
import ca.uhn.fhir.jpa.subscription.submit.config.SubscriptionSubmitterConfig;
import ca.uhn.fhir.rest.server.RestfulServer;
import ca.uhn.fhir.rest.server.provider.ResourceProviderFactory;
import ca.uhn.fhir.rest.server.util.ISearchParamRegistry;
import jakarta.persistence.EntityManagerFactory;
import java.util.Properties;
import org.apache.commons.dbcp2.BasicDataSource;
import org.eclipse.jetty.ee10.servlet.ServletContextHandler;
import org.eclipse.jetty.ee10.servlet.ServletHolder;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import org.springframework.beans.factory.config.ConfigurableListableBeanFactory;
import org.springframework.context.annotation.AnnotationConfigApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;
import org.springframework.context.annotation.Primary;
import org.springframework.orm.jpa.JpaTransactionManager;
import org.springframework.orm.jpa.LocalContainerEntityManagerFactoryBean;
import org.springframework.transaction.annotation.EnableTransactionManagement;

public final class HapiJpaServer {
  private HapiJpaServer() {}

  private static final int CONNECTIONS = 20;
  private static final int PAGE = 20;

  /// The beans that the modules want.
  @Configuration
  @EnableTransactionManagement
  @Import({JpaR4Config.class, HapiJpaConfig.class, ThreadPoolFactoryConfig.class,
      JpaBatch2Config.class, Batch2JobsConfig.class, SubscriptionSubmitterConfig.class,
      SubscriptionChannelConfig.class})
  public static class Beans {
    @Bean
    public BasicDataSource dataSource() {
      BasicDataSource out = new BasicDataSource();
      out.setDriverClassName("org.h2.Driver");
      out.setUrl("jdbc:h2:file:" + System.getProperty("folder") + "/h2");
      out.setUsername("sa");
      out.setPassword("");
      out.setMaxTotal(CONNECTIONS);
      return out;
    }

    @Bean
    @Primary
    public LocalContainerEntityManagerFactoryBean entityManagerFactory(BasicDataSource source,
        ConfigurableListableBeanFactory beans, FhirContext context, JpaStorageSettings settings) {
      LocalContainerEntityManagerFactoryBean out =
          HapiEntityManagerFactoryUtil.newEntityManagerFactory(beans, context, settings);
      out.setPersistenceUnitName("HAPI_PU");
      out.setDataSource(source);
      Properties properties = new Properties();
      properties.put("hibernate.dialect", HapiFhirH2Dialect.class.getName());
      properties.put("hibernate.hbm2ddl.auto", "update");
      properties.put("hibernate.jdbc.batch_size", "20");
      properties.put("hibernate.cache.use_query_cache", "false");
      properties.put("hibernate.cache.use_second_level_cache", "false");
      properties.put("hibernate.search.enabled", "false");
      out.setJpaProperties(properties);
      return out;
    }

    @Bean
    @Primary
    public JpaTransactionManager transactionManager(EntityManagerFactory factory) {
      return new JpaTransactionManager(factory);
    }

    @Bean
    public JpaStorageSettings storageSettings() {
      return new JpaStorageSettings();
    }

    @Bean
    public PartitionSettings partitionSettings() {
      return new PartitionSettings();
    }

    @Bean
    public SubscriptionSettings subscriptionSettings() {
      return new SubscriptionSettings();
    }

    @Bean
    public IBinaryStorageSvc binaryStorage() {
      return new DatabaseBinaryContentStorageSvcImpl();
    }
  }

  /// Starts the server and waits.
  public static void main(String[] arguments) throws Exception {
    System.setProperty("folder", arguments[0]);
    AnnotationConfigApplicationContext beans = new AnnotationConfigApplicationContext(Beans.class);
    FhirContext context = beans.getBean(FhirContext.class);
    RestfulServer fhir = new RestfulServer(context);
    fhir.registerProviders(beans.getBean(ResourceProviderFactory.class).createProviders());
    fhir.registerProvider(beans.getBean(JpaSystemProvider.class));
    DatabaseBackedPagingProvider pages = beans.getBean(DatabaseBackedPagingProvider.class);
    pages.setDefaultPageSize(PAGE);
    fhir.setPagingProvider(pages);
    fhir.setServerConformanceProvider(
        new JpaCapabilityStatementProvider(fhir, beans.getBean(IFhirSystemDao.class),
            beans.getBean(JpaStorageSettings.class), beans.getBean(ISearchParamRegistry.class),
            beans.getBean(ca.uhn.fhir.context.support.IValidationSupport.class)));
    Server server = new Server();
    ServerConnector connector = new ServerConnector(server);
    connector.setHost("127.0.0.1");
    server.addConnector(connector);
    ServletContextHandler handler = new ServletContextHandler();
    handler.addServlet(new ServletHolder(fhir), "/fhir/*");
    server.setHandler(handler);
    server.start();
    System.out.println(connector.getLocalPort());
    while (System.in.read() >= 0) {
    }
    server.stop();
    beans.close();
    System.exit(0);
  }
}
